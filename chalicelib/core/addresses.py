"""E-mail addresses in requests and uploads."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from chalicelib.core.text import normalized

# Cognito names a user by its address in some calls, and takes no longer name.
MAX_OF_ACCOUNTS = 128


def _checked(text: str) -> str:
    # Slow to import, and needed by few requests.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        # The validator's own messages repeat the address, which must not get into a log.
        raise PydanticCustomError("invalid_email", "This is not an e-mail address.") from None
    # The domain in ASCII, as in the DNS (IDNA 2008 with the mapping of UTS 46). Case folding would make strasse.de of
    # straße.de: another domain, and another person's mailbox.
    return f"{address.local_part}@{address.ascii_domain}"


def _of_an_account(address: str) -> str:
    if not is_for_accounts(address):
        raise PydanticCustomError(
            "address_too_long", "An account's address has {max} characters at most.", {"max": MAX_OF_ACCOUNTS}
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


# As typed, without outer white space and with the domain in ASCII. Compare with `text.normalized`.
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]

# That of an account, which is shorter than a mailbox's may be.
AccountEmail = Annotated[
    Email,
    AfterValidator(_of_an_account),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAX_OF_ACCOUNTS}),
]
