"""Addresses and domains of those who join, in the one form in which they are compared and mailed.

Two spellings are one domain when the DNS takes them for one (IDNA 2008 with the mapping of UTS 46): letter case, full
width letters and the like. Look-alikes of other scripts are other domains, and differ visibly once they are written
in ASCII. What is compared is what is mailed: no other spelling of the address is kept.
"""

from dataclasses import dataclass

from chalicelib.core.text import normalized


@dataclass(frozen=True)
class JoinAddress:
    """`email` is how the directory knows the person, `domain` is in ASCII."""

    email: str
    domain: str

    @property
    def mailable(self) -> str:
        return f"{self.email.rpartition('@')[0]}@{self.domain}"


def address_of(text: str) -> JoinAddress | None:
    """None for what is no address, or none that mail can be sent to without extensions of SMTP."""
    email, domain = _parsed(text)
    if not email.isascii() and not email.rpartition("@")[0].isascii():
        return None
    if not domain:
        return None
    # The directory folds letter case, by which some domains would become another one: straße.de becomes strasse.de.
    if _parsed(normalized(email))[1] != domain:
        email = f"{email.rpartition('@')[0]}@{domain}"
    return JoinAddress(email, domain)


def domain_of(text: str) -> str | None:
    """A domain as the DNS writes it; None for what is none."""
    trimmed = text.strip()
    return None if "@" in trimmed else _parsed(f"a@{trimmed}")[1] or None


def _parsed(text: str) -> tuple[str, str]:
    """The address as typed but for the form of its domain, and the domain in ASCII; empty for what is no address."""
    # Its tables are needed by few requests; a cold start does not wait for them.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return "", ""
    return found.normalized, str(found.ascii_domain).lower()
