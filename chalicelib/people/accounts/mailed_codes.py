"""The mailed code that proves an address: eight digits, of which only a hash is kept."""

import hashlib
import hmac
import secrets

from chalicelib.people.accounts.models import CODE_GOOD_FOR

# How long a code is good, for the mail's text.
MINUTES = int(CODE_GOOD_FOR.total_seconds() // 60)

_NUM_DIGITS = 8


def new_code() -> str:
    return f"{secrets.randbelow(10**_NUM_DIGITS):0{_NUM_DIGITS}d}"


def hash_of(request_id: str, code: str) -> str:
    """A code is good for one request, so its hash is of both."""
    return hashlib.sha256(f"{request_id}\0{code}".encode()).hexdigest()


def matches(request_id: str, code: str, expected_hash: str | None) -> bool:
    """Takes the same time whether or not there is a hash, and wherever the two differ."""
    is_equal = hmac.compare_digest(hash_of(request_id, code), expected_hash or hash_of(request_id, ""))
    return is_equal and expected_hash is not None
