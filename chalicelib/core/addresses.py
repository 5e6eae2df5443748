"""E-mail addresses in what is sent to us."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError


def _checked(text: str) -> str:
    # Its tables are needed by few requests; a cold start does not wait for them.
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        # The validator's own sentences repeat the address, which must not find its way into a log.
        raise PydanticCustomError("invalid_email", "This is not an e-mail address.") from None


# As typed, but for white space around it and the form of the domain. Compare with `text.normalized`.
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
