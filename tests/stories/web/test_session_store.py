"""Sessions as they are stored: what is ended is over at once, and nothing brings it back."""

import pytest

from chalicelib.core.errors import ConditionFailed
from chalicelib.web.sessions import store
from chalicelib.web.sessions.models import BrowserSession, session_sk, sessions_pk
from tests.harness import World


def _begin(secret_hash: str, created: int) -> None:
    pk, sk = sessions_pk("ann"), session_sk(secret_hash)
    store.create(BrowserSession(pk, sk, account_id="ann", created=created, seen=created, ttl=9))


def _seen(secret_hash: str) -> int | None:
    found = store.find("ann", secret_hash)
    return int(found.seen) if found else None


def _all() -> list[str]:
    return [session.session_id for session in store.all_of("ann")]


def test_a_session_ends_alone(world: World) -> None:
    _begin("a", 10)
    _begin("b", 20)
    assert _all() == ["a", "b"]
    store.end("ann", "a")
    # Again: it is gone already.
    store.end("ann", "a")
    assert (_seen("a"), _seen("b"), _all()) == (None, 20, ["b"])
    assert store.find("bob", "b") is None


def test_those_that_began_before_a_moment_are_over_and_later_ones_are_not(world: World) -> None:
    _begin("a", 10)
    _begin("b", 20)
    _begin("c", 30)
    store.end_all("ann", 20, 99)
    assert (_seen("a"), _seen("b"), _seen("c"), _all()) == (None, 20, 30, ["b", "c"])
    store.end_all("ann", 31, 99)
    assert (_seen("b"), _seen("never begun"), _all()) == (None, None, [])


def test_use_is_noted_forward_only_and_of_sessions_that_are_there(world: World) -> None:
    _begin("a", 10)
    session = store.find("ann", "a")
    assert session is not None
    store.see(session, 30)
    assert _seen("a") == 30
    store.see(session, 20)
    assert _seen("a") == 30
    store.end("ann", "a")
    store.see(session, 40)
    assert _all() == []


def test_a_secret_has_one_session_and_one_kept_form(world: World) -> None:
    _begin("a", 10)
    with pytest.raises(ConditionFailed):
        _begin("a", 20)
    store.keep("a", b"sealed", 5, 9)
    with pytest.raises(ConditionFailed):
        store.keep("a", b"another", 5, 9)
    kept = store.kept("a")
    assert kept is not None
    assert (kept.sealed, kept.ends, kept.ttl) == (b"sealed", 5, 9)
    assert store.kept("b") is None
