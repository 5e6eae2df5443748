"""Sessions: begun at a log-in with a new secret, ended by time, by their owner, and by what changes who the owner is.

The secret is in the browser's cookie alone, together with the account's id, which is the key of its sessions. Neither
roles nor permissions are in a session: they are read at each request.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.aws.table import Write
from chalicelib.web.sessions import store
from chalicelib.web.sessions.models import BrowserSession, session_sk, sessions_pk

# From the log-in, and since the last request.
ENDS_AFTER = timedelta(hours=12)
IDLE_AFTER = timedelta(hours=1)
# On a device of one's own, for who is an admin of nothing.
KEPT_ENDS_AFTER = timedelta(days=30)
KEPT_IDLE_AFTER = timedelta(days=30)

# A write at every request would cost more than the read.
_NOTED_EVERY = timedelta(minutes=5)
_MAX_DEVICE = 200
# Within this time the same form from the same browser is one press.
_ONE_PRESS = timedelta(minutes=1)

_COOKIE = re.compile(r"([0-9A-Za-z-]{1,64})\.([0-9A-Za-z_-]{43})")
_ENDED = re.compile(r"([0-9A-Za-z-]{1,64})\.ended")


@dataclass(frozen=True)
class Known:
    """Who logs in: what Cognito says of the account."""

    account_id: str
    email: str | None
    first_name: str
    last_name: str


def begin(who: Known, device: str, *, kept: bool, now: datetime, form_id: str | None = None) -> str:
    """A new session; gives what its browser has to send from now on. `form_id` is that of the log-in's form."""
    secret = secrets.token_urlsafe(32)
    at = _millis(now)
    session = BrowserSession(
        sessions_pk(who.account_id), session_sk(hash_of(secret)), account_id=who.account_id, email=who.email,
        first_name=who.first_name, last_name=who.last_name, device=device[:_MAX_DEVICE], kept=kept, created=at, seen=at,
        form_hash=hash_of(form_id) if form_id else "", ttl=_seconds(now + KEPT_ENDS_AFTER),
    )  # fmt: skip
    store.create(session)
    return f"{who.account_id}.{secret}"


def find(cookie: str, now: datetime) -> BrowserSession | None:
    """The session of a browser, while it lasts; whether an admin may go on with it, `is_over` says."""
    match = _COOKIE.fullmatch(cookie)
    if match is None:
        return None
    session = store.find(match[1], hash_of(match[2]))
    return None if session is None or is_over(session, now, is_admin=False) else session


def account_in(cookie: str) -> str:
    """Whose session the cookie is or was, as the browser says it: nothing is proven by that. Empty for none."""
    match = _COOKIE.fullmatch(cookie) or _ENDED.fullmatch(cookie)
    return match[1] if match else ""


def ended(account_id: str) -> str:
    """What the browser has in place of its session once that has ended: it opens nothing."""
    return f"{account_id}.ended"


def is_over(session: BrowserSession, now: datetime, *, is_admin: bool) -> bool:
    """An admin's session never lasts as long as that of a learner on a device of their own."""
    is_long = session.kept and not is_admin
    ends, idle = (KEPT_ENDS_AFTER, KEPT_IDLE_AFTER) if is_long else (ENDS_AFTER, IDLE_AFTER)
    return now >= _instant(session.created) + ends or now >= _instant(session.seen) + idle


def note_use(session: BrowserSession, now: datetime) -> None:
    if now >= _instant(session.seen) + _NOTED_EVERY:
        store.see(session, _millis(now))


def devices(account_id: str, now: datetime, current: str = "") -> Sequence[BrowserSession]:
    """The account's sessions that last, the one in use last first; `current` is the id of the one that asks.

    Of those that one press began, only one: no browser has the others.
    """
    found = [session for session in store.all_of(account_id) if not is_over(session, now, is_admin=False)]
    shown: list[BrowserSession] = []
    for session in sorted(found, key=lambda one: (one.session_id != current, -one.seen)):
        if not any(_is_same_press(session, other) for other in shown):
            shown.append(session)
    return sorted(shown, key=lambda session: -session.seen)


def end(account_id: str, session_id: str) -> None:
    """Ending it again changes nothing."""
    store.end(account_id, session_id)


def end_device(account_id: str, session_id: str) -> None:
    """What `devices` shows as one."""
    found = store.all_of(account_id)
    chosen = [session for session in found if session.session_id == session_id]
    for session in found:
        if any(session is one or _is_same_press(session, one) for one in chosen):
            store.end(account_id, session.session_id)


def end_all(account_id: str, now: datetime) -> None:
    """Of all devices: asked for, or because the password has changed.

    Also those that began since `now`: whoever knew the old password may have used it until this moment.
    """
    store.end_all(account_id, _millis(now), _seconds(now + 2 * KEPT_ENDS_AFTER))
    for session in store.all_of(account_id):
        store.end(account_id, session.session_id)


def end_before(account_id: str, instant: datetime) -> None:
    """Those that began before: later, by whoever has the password that was set then, others may have begun."""
    for session in store.all_of(account_id):
        if session.created < _millis(instant):
            store.end(account_id, session.session_id)


def end_all_write(account_id: str, now: datetime) -> Write:
    """The same, in the transaction of what ends them."""
    return store.end_all_write(account_id, _millis(now), _seconds(now + 2 * KEPT_ENDS_AFTER))


def instant_of(millis: float) -> datetime:
    return _instant(millis)


def hash_of(secret: str) -> str:
    """Of 256 random bits; no salt nor slow hash could make them harder to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_same_press(one: BrowserSession, other: BrowserSession) -> bool:
    is_same = bool(one.form_hash) and (one.form_hash, one.device) == (other.form_hash, other.device)
    return is_same and abs(one.created - other.created) <= _ONE_PRESS.total_seconds() * 1000


def _millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())


def _instant(millis: float) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
