"""E-mail addresses in requests and uploads."""

import pytest
from pydantic import BaseModel, ValidationError

from chalicelib.core.addresses import Email
from chalicelib.core.text import normalized


class Form(BaseModel):
    email: Email


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ann@example.com", "ann@example.com"),
        (" Ann.Lee@EXAMPLE.com ", "Ann.Lee@example.com"),
        ("o'neil+x@example.com", "o'neil+x@example.com"),
        ("ann@xn--mller-kva.example", "ann@xn--mller-kva.example"),
        ("ann@Müller.example", "ann@xn--mller-kva.example"),
        # Folding its letter case would make another domain of it.
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
    ],
)
def test_an_address_is_kept_as_typed_but_for_space_and_the_domain(given: str, kept: str) -> None:
    assert Form(email=given).email == kept


@pytest.mark.parametrize(
    "given",
    ["", "ann", "ann@", "@example.com", "ann@example", "a b@example.com", "Ann <ann@example.com>", "a@b.example\nx: y"],
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form(email=given)
    (error,) = caught.value.errors()
    assert error["type"] == "invalid_email"
    assert error["msg"] == "This is not an e-mail address."


@pytest.mark.parametrize("other", ["ANN@EXAMPLE.COM", " ann@example.com", "\uff21nn@example.com"])
def test_addresses_that_people_take_for_the_same_are_the_same(other: str) -> None:
    assert normalized(other) == normalized("ann@example.com")
