"""Whose addresses may join: domains compared exactly, as the DNS knows them, whatever tricks are tried (I7)."""

import pytest

from chalicelib.people.join_page.domains import address_of, domain_in, domain_of
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining, Reader, token_of

_CYRILLIC_A = "\u0430"
_FULL_WIDTH_ACME = "\uff41\uff43\uff4d\uff45"


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


ALLOWED = ["acme.com", "m\u00fcnchen.de", "stra\u00dfe.de"]


@pytest.mark.parametrize(
    ("email", "mailed"),
    [
        ("ann@acme.com", "ann@acme.com"),
        ("Ann@ACME.Com", "Ann@acme.com"),
        (f"ann@{_FULL_WIDTH_ACME}.com", "ann@acme.com"),
        ("ann@acme\u3002com", "ann@acme.com"),
        ("ann@m\u00fcnchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@M\u00dcNCHEN.de", "ann@xn--mnchen-3ya.de"),
        ("ann@mu\u0308nchen.de", "ann@xn--mnchen-3ya.de"),
        ("ann@xn--mnchen-3ya.de", "ann@xn--mnchen-3ya.de"),
        ("ann@stra\u00dfe.de", "ann@xn--strae-oqa.de"),
        ("ann+training@acme.com", "ann+training@acme.com"),
    ],
)
def test_an_address_of_an_allowed_domain_joins_and_the_mail_goes_to_that_very_domain(
    joining: Joining, email: str, mailed: str
) -> None:
    joining.set_page(allowed_domains=ALLOWED)
    joining.request_code(email)
    joining.mailbox.send()
    assert joining.mailbox.to() == [mailed]


@pytest.mark.parametrize(
    "email",
    [
        "ann@mail.acme.com",
        "ann@notacme.com",
        "ann@not-acme.com",
        "ann@acme.com.evil.com",
        "ann@acme.co",
        "ann@acme.comm",
        "ann@com",
        f"ann@{_CYRILLIC_A}cme.com",
        "ann@acm\u0435.com",
        "ann@acme.c\u03bfm",
        "ann@xn--cme-5cd.com",
        "ann@munchen.de",
        "ann@muenchen.de",
        "ann@strasse.de",
        "ann@evil.com@acme.com",
        '"ann@evil.com"@acme.com',
        '"ann@acme.com"@evil.com',
        "ann@evil.com,bob@acme.com",
        "ann@evil.com bob@acme.com",
        "ann@evil.com\nbob@acme.com",
        "ann@acme.com\0.evil.com",
        "ann%evil.com@acme.com ann@evil.com",
        "<ann@evil.com> ann@acme.com",
        "ann@evil.com (ann@acme.com)",
        "ann@[acme.com]",
        "@acme.com",
        "m\u00fcller@acme.com",
    ],
)
def test_no_trick_gets_past_the_allow_list(joining: Joining, email: str) -> None:
    joining.set_page(allowed_domains=ALLOWED)
    answer = joining.ask(email)
    assert answer.status == 422, answer.headers
    assert "email_wrong" in answer.text
    joining.mailbox.send()
    assert joining.mailbox.to() == []
    assert joining.requests() == []


def test_the_page_names_the_domains_that_may_join(world: World, joining: Joining) -> None:
    joining.set_page(allowed_domains=["acme.com", "acme.org"])
    page = Reader(world.get(f"/join/{SLUG}").text)
    assert "Use an address that ends in @acme.com or @acme.org." in page.text
    assert page.named("email")["aria-describedby"] == "email_hint"
    answer = joining.ask(f"ann@{_CYRILLIC_A}cme.com")
    assert "join with an address at xn--cme-5cd.com" in answer.text


def test_a_subdomain_joins_when_it_is_listed(joining: Joining) -> None:
    joining.set_page(allowed_domains=["mail.acme.com"])
    joining.request_code("ann@mail.acme.com")
    assert joining.ask("ann@acme.com").status == 422


def test_a_domain_that_folding_letter_case_would_change_stays_another_person(world: World, joining: Joining) -> None:
    member = world.member(joining.org, status="pending", email="ann@strasse.de")
    request_id = joining.request_code("ann@stra\u00dfe.de")
    token = token_of(joining.enter(request_id, joining.code("ann@xn--strae-oqa.de")))
    assert token.split(".")[1] != member
    assert joining.member(member)["status"] == "pending"


@pytest.mark.parametrize("text", ["acme.com", "m\u00fcnchen.de", "\u4f8b\u3048.jp", "ACME.com", "\uff41cme.com"])
def test_a_domain_in_the_list_is_written_as_that_of_an_address(text: str) -> None:
    email = address_of(f"ann@{text}")
    assert email is not None
    assert domain_of(text) == domain_in(email)
    assert address_of(email) == email
