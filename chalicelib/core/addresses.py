"""E-mail addresses in requests and uploads."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.core.text import normalized, without_unseen

# Cognito names a user by its address in some calls, and takes no longer name.
MAX_OF_ACCOUNTS = 128


# By RFC 5321 section 4.5.3.1.1: servers take no longer name before the @.
_MAX_LOCAL = 64

_MAILTO = re.compile(r"mailto:([^?]*)(\?.*)?", re.IGNORECASE)
# What stands around an address in brackets is a name, not one more address, which would be lost without a word.
_IN_BRACKETS = re.compile(r"([^<>]*)<([^<>]*)>[^<>@]*")
_BRACKETS = ("<>", "()", "[]")
# Nobody pastes an address in more layers than these. Of 500, as 1,000 characters can have, each takes as long as all.
_MAX_LAYERS = 10

# Any of them in front goes with any behind: programs and people mix them.
_QUOTES = "\"'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"

# Scripts that one name may be written in together; any other mixture may be made to look like another name (these are
# those of UTS 39, 5.2).
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)


def bare(text: str) -> str:
    """The address within what people paste: `Ann Lee <ann@example.com>`, `mailto:ann@example.com?subject=x`.

    Brackets, a display name, quotes, invisible characters and what ends a sentence go. The same through every door.
    """
    address, before = unicodedata.normalize("NFKC", text).strip(), ""
    for _ in range(_MAX_LAYERS):
        if address == before:
            break
        before = address
        found = _IN_BRACKETS.fullmatch(address)
        address = found[2] if found and not _begins_a_list(found[1]) else address
        found = _MAILTO.fullmatch(address.strip())
        address = (found[1] if found else address).strip().rstrip(".,;:").strip()
        if len(address) > 1 and _encloses(address[0], address[-1]):
            address = address[1:-1]
        # A space within stays, and is refused: two words are no address.
        address = " ".join(without_unseen(word) for word in address.split())
    return address


def _begins_a_list(before: str) -> bool:
    """Whether an address stands there, and something that parts it from the next one."""
    behind = before.partition("@")[2]
    return "," in behind or ";" in behind


def _encloses(first: str, last: str) -> bool:
    return first + last in _BRACKETS or (first in _QUOTES and last in _QUOTES)


def shown(address: str) -> str:
    """The address as people read it: the domain in its own letters, not in those of the DNS (`xn--mller-kva`).

    A domain whose letters come from scripts that are not written together may be made to look like another; it stays
    as the DNS has it.
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{'.'.join(_shown_label(label) for label in domain.split('.'))}"


def shown_if_address(value: object) -> object:
    """For pages and mails: every value that is written into them."""
    return shown(value) if isinstance(value, str) and "@" in value and "xn--" in value else value


def understood(text: str) -> str:
    """The address that the text is, in the form in which accounts have it; what is none as it was typed."""
    try:
        return normalized(_checked(text))
    except PydanticCustomError:
        return normalized(text)


def _shown_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    import idna

    try:
        text = idna.decode(label)
    except UnicodeError:
        # All errors of idna are such.
        return label
    scripts = {unicodedata.name(char, "?").split()[0] for char in text if char.isalpha()}
    return text if len(scripts) == 1 or any(scripts <= written for written in _TOGETHER) else label


def _checked(text: str) -> str:
    # Slow to import, and needed by few requests.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(bare(text), check_deliverability=False)
    except EmailNotValidError:
        # The validator's own messages repeat the address, which must not get into a log.
        raise PydanticCustomError("invalid_email", "This isn't an email address.") from None
    if not address.local_part.isascii() or len(address.local_part) > _MAX_LOCAL:
        # Only servers with SMTPUTF8 take them, and SES does not pass them on.
        raise PydanticCustomError("not_mailable", "This address can't get email.")
    # The domain in ASCII, as in the DNS (IDNA 2008 with the mapping of UTS 46). Case folding would make strasse.de of
    # straße.de: another domain, and another person's mailbox.
    return f"{address.local_part}@{address.ascii_domain}"


def _of_an_account(address: str) -> str:
    if not is_for_accounts(address):
        raise PydanticCustomError(
            "address_too_long", "An account's email address can have up to {max} characters.", {"max": MAX_OF_ACCOUNTS}
        )
    return address


def is_for_accounts(address: str) -> bool:
    """Whether an account can have this address."""
    return len(normalized(address)) <= MAX_OF_ACCOUNTS


def mailable(address: str) -> str | None:
    """The address in the ASCII form of plain SMTP (IDNA 2008 with the mapping of UTS 46); None if it has none."""
    if address.isascii():
        return address
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None


# As typed, without what is around it and with the domain in ASCII. Compare with `text.normalized`.
Email = Annotated[
    str,
    StringConstraints(max_length=1000),
    AfterValidator(_checked),
    StringConstraints(max_length=254),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]

# That of an account, which is shorter than a mailbox's may be.
AccountEmail = Annotated[
    Email,
    AfterValidator(_of_an_account),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAX_OF_ACCOUNTS}),
]
