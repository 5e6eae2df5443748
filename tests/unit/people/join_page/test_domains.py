"""Addresses and domains of people who join, in the form in which they are compared."""

import pytest

from chalicelib.people.join_page.domains import address_of, domain_in, domain_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ann@Example.COM ", "Ann@example.com"),
        ("ann@e\uff58ample.com", "ann@example.com"),
        ("\u00e4nn@example.com", None),
        ("ann", None),
        ("", None),
    ],
)
def test_an_address_is_one_that_all_mail_programs_reach(text: str, address: str | None) -> None:
    assert address_of(text) == address


def test_the_domain_is_what_follows_the_last_at_sign() -> None:
    assert domain_in('"a@b.example"@example.com') == "example.com"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        (" Example.COM ", "example.com"),
        ("stra\u00dfe.de", "xn--strae-oqa.de"),
        ("b@example.com", None),
        ("@example.com", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_a_domain_is_written_as_the_dns_has_it(text: str, domain: str | None) -> None:
    assert domain_of(text) == domain
