"""What a certificate is worth at a moment."""

from enum import StrEnum


class CertificateState(StrEnum):
    """Derived, never stored. `replaced`: it was issued again, and the newer one counts."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
