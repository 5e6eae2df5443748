"""E-mail addresses in what is sent to us."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError


def _checked(text: str) -> str:
    # Its tables are needed by few requests; a cold start does not wait for them.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        # The validator's own sentences repeat the address, which must not find its way into a log.
        raise PydanticCustomError("invalid_email", "This is not an e-mail address.") from None
    # As the DNS writes it (IDNA 2008 with the mapping of UTS 46): folding the letter case of straße.de to compare it
    # would make strasse.de of it, another domain, and somebody else's mailbox.
    return f"{found.local_part}@{found.ascii_domain}"


def mailable(address: str) -> str | None:
    """As SMTP without extensions writes it (IDNA 2008 with the mapping of UTS 46); None where there is no such form."""
    if address.isascii():
        return address
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None


# As typed, but for white space around it and its domain, which is in ASCII. Compare with `text.normalized`.
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
