"""What a certificate is worth at a moment."""

from enum import StrEnum


class CertificateState(StrEnum):
    """Derived, never stored. `replaced`: it was issued again, and the newer one counts."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


class FileStatus(StrEnum):
    """`waiting`: it cannot be made yet; it is tried again every day."""

    READY = "ready"
    BEING_MADE = "being_made"
    WAITING = "waiting"


class FileCode(StrEnum):
    """Why a file waits; sentences are in explanations.toml."""

    NO_GLYPH = "no_glyph"
    NOT_MADE = "not_made"
