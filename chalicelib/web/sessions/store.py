"""Reads and writes of sessions and of forms that wait for a log-in."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write
from chalicelib.web.sessions.models import (
    ENDED_SK,
    BrowserSession,
    KeptPost,
    SessionsEnded,
    kept_post_ref,
    session_sk,
    sessions_pk,
)


def create(session: BrowserSession) -> None:
    table.transact([table.put_new(session)])


def find(account_id: str, secret_hash: str) -> BrowserSession | None:
    """None when it is not there, or was ended with all of the account's. Read consistently: an end is at once."""
    session, ended = table.fetch(_ref(account_id, secret_hash), _ended_ref(account_id))
    return None if session is None or _is_ended(session, ended) else session


def all_of(account_id: str) -> Sequence[BrowserSession]:
    """Those that were not ended; some may be too old."""
    found = table.query_all(BrowserSession, sessions_pk(account_id), prefix=session_sk(""))
    ended = table.get(SessionsEnded, sessions_pk(account_id), ENDED_SK)
    return [session for session in found if not _is_ended(session, ended)]


def see(session: BrowserSession, seen: int) -> None:
    """Note that it is in use. Nothing where it was ended meanwhile, or seen later."""
    # What is not there has no `seen` that is less.
    table.update_if(BrowserSession(*session.key), BrowserSession.seen < seen, BrowserSession.seen.set(seen))


def end(account_id: str, secret_hash: str) -> None:
    table.transact([Write("delete", BrowserSession(sessions_pk(account_id), session_sk(secret_hash)))])


def end_all_write(account_id: str, before: int, ttl: int) -> Write:
    """For the transaction of what ends them: none of them outlives it."""
    return Write("put", SessionsEnded(sessions_pk(account_id), ENDED_SK, before=before, ttl=ttl))


def end_all(account_id: str, before: int, ttl: int) -> None:
    table.transact([end_all_write(account_id, before, ttl)])


def keep(secret_hash: str, sealed: bytes, ends: int, ttl: int) -> None:
    ref = kept_post_ref(secret_hash)
    table.transact([table.put_new(KeptPost(ref.pk, ref.sk, sealed=sealed, ends=ends, ttl=ttl))])


def kept(secret_hash: str) -> KeptPost | None:
    ref = kept_post_ref(secret_hash)
    return table.get(KeptPost, ref.pk, ref.sk)


def _is_ended(session: BrowserSession, ended: SessionsEnded | None) -> bool:
    return ended is not None and session.created < ended.before


def _ref(account_id: str, secret_hash: str) -> Ref[BrowserSession]:
    return Ref(BrowserSession, sessions_pk(account_id), session_sk(secret_hash))


def _ended_ref(account_id: str) -> Ref[SessionsEnded]:
    return Ref(SessionsEnded, sessions_pk(account_id), ENDED_SK)
