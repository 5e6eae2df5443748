"""Addresses and domains of those who join, in the one form in which they are compared, kept and mailed.

Two spellings are one domain when the DNS takes them for one (core/addresses.py): letter case, full width letters and
the like. Look-alikes of other scripts are other domains, and differ visibly, for domains are written in ASCII.
"""

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.addresses import Email

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def address_of(text: str) -> str | None:
    """None for what is no address, or none that mail can be sent to without extensions of SMTP."""
    try:
        email = _EMAIL.validate_python(text)
    except ValidationError:
        return None
    return email if email.isascii() else None


def domain_in(email: str) -> str:
    return email.rpartition("@")[2]


def domain_of(text: str) -> str | None:
    """A domain as the DNS writes it; None for what is none."""
    email = None if "@" in text else address_of(f"a@{text.strip()}")
    return domain_in(email) if email else None
