"""The link of an invitation: `<organization>.<member>.<secret>`. Of the secret only a hash is kept."""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass

# Letters and digits only: readers of mail leave a '-', '_' or '.' at the end out of the link. 33 of them are 196 bits.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 33

_NOBODYS = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    org_id: str
    member_id: str
    secret: str

    @property
    def text(self) -> str:
        return f"{self.org_id}.{self.member_id}.{self.secret}"

    @classmethod
    def parse(cls, text: str) -> "Token | None":
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None


def new_secret() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def derived_secret(seed: str, code: str) -> str:
    """The secret that this code leads to: the same each time, and not to be had without both."""
    number = int.from_bytes(hashlib.sha256(f"{seed}\0{code}".encode()).digest(), "big")
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, known_hash: str | None) -> bool:
    """In the same time whether or not there is a hash, and wherever they differ."""
    is_equal = hmac.compare_digest(hash_of(secret), known_hash or _NOBODYS)
    return is_equal and known_hash is not None
