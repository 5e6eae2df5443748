"""Addresses and domains of people who join, in one canonical form, in which they are compared, kept and mailed.

Two spellings are one domain if the DNS takes them for one (core/addresses.py): letter case, full width letters and the
like. Look-alikes in other scripts are other domains, and look different, because domains are written in ASCII.
"""

from pydantic import TypeAdapter, ValidationError

from chalicelib.core.addresses import Email

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def address_of(text: str) -> str | None:
    """None if this is no address, or one that mail reaches only with extensions of SMTP."""
    try:
        email = _EMAIL.validate_python(text)
    except ValidationError:
        return None
    return email if email.isascii() else None


def domain_in(email: str) -> str:
    return email.rpartition("@")[2]


def domain_of(text: str) -> str | None:
    """The domain as the DNS writes it; None if this is no domain."""
    email = None if "@" in text else address_of(f"a@{text.strip()}")
    return domain_in(email) if email else None
