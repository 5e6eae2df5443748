"""A form that is sent after its session has ended: kept for ten minutes, for the browser that sent it alone.

What was typed is sealed with a key that only that browser has, so that a copy of the table tells nothing. The key is
drawn for the one form, so its keystream (SHAKE-256, an extendable output function) is used once; a tag over the
result shows whether it was changed. The package has no library of ciphers, which would be 4 MB.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.errors import TooMany
from chalicelib.web import rate_limits
from chalicelib.web.rate_limits import network_of
from chalicelib.web.sessions import store

KEPT_FOR = timedelta(minutes=10)
# An item has 400 KB at most; what is longer is a file, and its owner still has it.
MAX_BYTES = 100_000

# From one network, in ten minutes: who sends a form without a session need not be anybody.
MAX_KEPT = 200

_SECRET = re.compile(r"[0-9A-Za-z_-]{43}")
_TAG_BYTES = 32


@dataclass(frozen=True)
class Post:
    """`path` lies below the portal, with its query. `account_id` is whose session it was, empty when nobody knows."""

    path: str
    fields: list[tuple[str, str]]
    account_id: str


def keep(post: Post, source: str, now: datetime) -> str | None:
    """Gives the secret for the browser's cookie. None when it is too long to be kept, or one of too many."""
    plain = json.dumps([post.path, post.fields, post.account_id]).encode()
    if len(plain) > MAX_BYTES:
        return None
    try:
        rate_limits.take("kept_post", network_of(source), MAX_KEPT, KEPT_FOR, now)
    except TooMany:
        return None
    secret = secrets.token_urlsafe(32)
    ends = now + KEPT_FOR
    store.keep(_name(secret), _sealed(secret, plain), int(ends.timestamp() * 1000), int(ends.timestamp()) + 60)
    return secret


def find(secret: str, account_id: str, now: datetime) -> Post | None:
    """None when there is none, when its time is over, and for who is somebody else than whose session it was."""
    if not _SECRET.fullmatch(secret):
        return None
    kept = store.kept(_name(secret))
    if kept is None or now.timestamp() * 1000 >= kept.ends:
        return None
    plain = _opened(secret, kept.sealed)
    if plain is None:
        return None
    path, fields, owner = json.loads(plain)
    post = Post(path, [(name, text) for name, text in fields], owner)
    return post if post.account_id in ("", account_id) else None


def _name(secret: str) -> str:
    return hashlib.sha256(b"name " + secret.encode()).hexdigest()


def _sealed(secret: str, plain: bytes) -> bytes:
    hidden = _mixed(secret, plain)
    return hmac.digest(b"tag " + secret.encode(), hidden, "sha256") + hidden


def _opened(secret: str, sealed: bytes) -> bytes | None:
    tag, hidden = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
    if not hmac.compare_digest(tag, hmac.digest(b"tag " + secret.encode(), hidden, "sha256")):
        return None
    return _mixed(secret, hidden)


def _mixed(secret: str, text: bytes) -> bytes:
    """The exclusive or with the keystream; done twice, the text again."""
    stream = hashlib.shake_256(b"stream " + secret.encode()).digest(len(text))
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")
