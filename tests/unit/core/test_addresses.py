"""E-mail addresses in requests and uploads."""

import botocore.session
import pytest
from pydantic import BaseModel, ValidationError

from chalicelib.core.addresses import (
    MAX_OF_ACCOUNTS,
    AccountEmail,
    Email,
    bare,
    is_for_accounts,
    mailable,
    shown,
    shown_if_address,
    understood,
)
from chalicelib.core.text import normalized
from chalicelib.people.accounts import passwords
from chalicelib.people.accounts.schemas import Register


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
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example",
        "a b@example.com",
        "Ann <ann@example.com> <bob@example.com>",
        "ann@example.com, bob@example.com",
        "a@b.example\nx: y",
        # Two, of which one would be lost.
        "Ann <ann@example.com>, bob@example.com",
        "bob@example.com, Ann <ann@example.com>",
        "bob@example.com; <ann@example.com>",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form(email=given)
    (error,) = caught.value.errors()
    assert error["type"] == "invalid_email"
    assert error["msg"] == "This isn't an email address."


@pytest.mark.parametrize("other", ["ANN@EXAMPLE.COM", " ann@example.com", "\uff21nn@example.com"])
def test_addresses_that_people_take_for_the_same_are_the_same(other: str) -> None:
    assert normalized(other) == normalized("ann@example.com")


@pytest.mark.parametrize(
    "given",
    [
        "<ann@example.com>", "Ann Lee <ann@example.com>", '"Lee, Ann" <ann@example.com>', "mailto:ann@example.com",
        "MAILTO:ann@example.com?subject=Hello", "<mailto:ann@example.com>", "ann@example.com.", "ann@example.com,",
        "\u200bann@example.com\u200b", "ann@exam\u00adple.com", "\ufeffann@example.com", "\u2060ann\u200d@example.com",
        "\u00a0ann@example.com\u3000", "\u201cann@example.com\u201d", "(ann@example.com)", "[ann@example.com]",
        "\uff41nn\uff20example.com",
        "`ann@example.com'", "\"ann@example.com\u201d",
        # A name that is an address, as Outlook writes it; and what stands behind.
        "ann@example.com <ann@example.com>", "'ann@example.com' <ann@example.com>", "Ann <ann@example.com> (Sales)",
        # As Germans and the French quote.
        "\u201eann@example.com\u201c", "\u201aann@example.com\u2018", "\u00abann@example.com\u00bb",
        "\u00ab\u00a0ann@example.com\u00a0\u00bb",
    ],
)  # fmt: skip
def test_every_wrapping_that_people_paste_is_taken_off(given: str) -> None:
    """Issue 10, 12: one input, one leniency."""
    assert Form(email=given).email == "ann@example.com"
    assert bare(given) == "ann@example.com"


@pytest.mark.parametrize("given", ["j\u00fcrgen@example.com", "stra\u00df@example.com", "a" * 65 + "@example.com"])
def test_an_address_that_can_never_be_mailed_is_refused_at_once(given: str) -> None:
    """Issue 10, 12."""
    with pytest.raises(ValidationError) as caught:
        Form(email=given)
    (error,) = caught.value.errors()
    assert (error["type"], error["msg"]) == ("not_mailable", "This address can't get email.")


def test_a_quote_alone_is_around_nothing() -> None:
    for one_sided in ("'ann@example.com", "ann@example.com'", "(ann@example.com"):
        assert bare(one_sided) == one_sided
    assert (bare("'"), bare("''")) == ("'", "")


def test_sharp_s_and_ss_are_not_one_person() -> None:
    """Issue 10, 12: as log-in names, which have letters of all kinds."""
    assert normalized("strau\u00df") != normalized("strauss")
    assert normalized("STRAU\u1e9e") == normalized("strau\u00df")


@pytest.mark.parametrize(
    ("kept", "seen"),
    [
        ("ann@xn--mller-kva.example", "ann@m\u00fcller.example"),
        ("ann@xn--strae-oqa.example", "ann@stra\u00dfe.example"),
        ("ann@mail.xn--fiqs8s.example", "ann@mail.\u4e2d\u56fd.example"),
        ("ann@example.com", "ann@example.com"),
        # Japanese is written in three scripts at once, Korean in two.
        ("ann@xn--eckwd4c7cu47r2wf.example", "ann@\u30c9\u30e1\u30a4\u30f3\u540d\u4f8b.example"),
        ("ann@xn--fiq228chj5cs56a.example", "ann@\ud55c\uae00\u4e2d\u6587.example"),
        # A Cyrillic letter among Latin ones, and what is no name at all.
        ("ann@xn--cme-5cd.com", "ann@xn--cme-5cd.com"),
        ("ann@xn--zzzzzzzzz.example", "ann@xn--zzzzzzzzz.example"),
        ("desk-7", "desk-7"),
    ],
)
def test_people_read_a_domain_in_its_own_letters(kept: str, seen: str) -> None:
    """Issue 10, 12: punycode is not shown to people."""
    assert shown(kept) == seen


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("ann@xn--mller-kva.example", "ann@m\u00fcller.example"),
        # A host that somebody is to copy stays as the DNS has it.
        ("xn--mller-kva.example", "xn--mller-kva.example"),
        ("ann@example.com", "ann@example.com"),
        (None, None),
        (7, 7),
    ],
)
def test_of_all_that_a_page_shows_only_addresses_change(value: object, seen: object) -> None:
    assert shown_if_address(value) == seen


@pytest.mark.parametrize(
    ("address", "ascii_form"),
    [
        ("ann@example.com", "ann@example.com"),
        ("ann@m\u00fcller.example", "ann@xn--mller-kva.example"),
        ("j\u00fcrgen@example.com", None),
        ("\u00fc", None),
    ],
)
def test_mail_goes_to_the_ascii_form_without_asking_the_dns(address: str, ascii_form: str | None) -> None:
    assert mailable(address) == ascii_form


def test_what_is_understood_is_compared_in_the_form_that_accounts_have() -> None:
    assert understood("Ann Lee <Ann@M\u00fcller.example>") == "ann@xn--mller-kva.example"
    assert understood(" Desk-7 ") == "desk-7"


def test_an_address_is_as_long_as_smtp_takes_it_and_what_is_around_it_may_be_longer() -> None:
    longest = "a" * 64 + "@" + ".".join(("b" * 63, "c" * 63, "d" * 53, "example"))
    assert len(longest) == 254
    assert Form(email=longest).email == longest
    assert Form(email="ann@example.com".rjust(1000)).email == "ann@example.com"
    with pytest.raises(ValidationError):
        Form(email="ann@example.com".rjust(1001))


class Account(BaseModel):
    email: AccountEmail


def test_an_account_s_address_is_no_longer_than_a_user_s_name_in_cognito() -> None:
    most = "a" * 60 + "@" + "b" * 59 + ".example"
    assert len(most) == MAX_OF_ACCOUNTS == 128
    assert Account(email=most).email == most
    with pytest.raises(ValidationError) as caught:
        Account(email="a" + most)
    (error,) = caught.value.errors()
    assert (error["type"], error["msg"]) == (
        "address_too_long",
        "An account's email address can have up to 128 characters.",
    )
    assert Form(email="a" + most).email == "a" + most


def test_the_api_document_says_how_long_an_address_may_be() -> None:
    said = [form.model_json_schema()["properties"]["email"] for form in (Form, Account)]
    assert [{**one, "title": ""} for one in said] == [
        {"title": "", "type": "string", "format": "email", "maxLength": number} for number in (254, 128)
    ]


def test_what_comparing_makes_longer_counts_as_long_as_it_becomes() -> None:
    assert not is_for_accounts("\ufdfa" * 10 + "@" + "b" * 59 + ".example")


def test_cognito_s_limits_are_those_that_botocore_describes() -> None:
    shapes = botocore.session.get_session().get_service_model("cognito-idp")
    limits = {name: shapes.shape_for(name).metadata["max"] for name in ("UsernameType", "AttributeValueType")}
    assert limits == {"UsernameType": MAX_OF_ACCOUNTS, "AttributeValueType": 2048}
    # The longest filter is that of an address.
    longest = len('email = ""') + MAX_OF_ACCOUNTS
    assert longest <= shapes.shape_for("UserFilterType").metadata["max"]
    names = Register.model_json_schema()["properties"]
    assert max(names[name]["maxLength"] for name in ("first_name", "last_name")) <= limits["AttributeValueType"]
    assert shapes.shape_for("PasswordType").metadata["max"] >= passwords.MAX_LENGTH


def test_layers_around_an_address_are_taken_off_up_to_ten() -> None:
    """Each is looked at whole, and one field of 1,000 characters can have 500 of them."""
    assert bare("<([ann@example.com])>") == "ann@example.com"
    assert bare("(" * 10 + "ann@example.com" + ")" * 10) == "ann@example.com"
    assert bare("(" * 300 + "ann@example.com" + ")" * 300).startswith("(" * 290)
