"""How long a session lasts and what ends it, over a store in memory; the portal's story has the real one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.web.sessions import service
from chalicelib.web.sessions.models import BrowserSession
from chalicelib.web.sessions.service import Known

NOW = datetime(2027, 1, 4, 10, 0, 0, 500_000, UTC)
ANN = Known("ann-1", "ann@example.com", "Ann", "Lee")
HOUR, DAY, MOMENT = timedelta(hours=1), timedelta(days=1), timedelta(milliseconds=1)


@dataclass
class Store:
    sessions: dict[tuple[str, str], BrowserSession] = field(default_factory=dict)
    ended: list[tuple[str, int, int]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def create(self, session: BrowserSession) -> None:
        self.sessions[session.account_id, session.session_id] = session

    def find(self, account_id: str, secret_hash: str) -> BrowserSession | None:
        return self.sessions.get((account_id, secret_hash))

    def all_of(self, account_id: str) -> list[BrowserSession]:
        return [session for (owner, _), session in self.sessions.items() if owner == account_id]

    def see(self, session: BrowserSession, seen: int) -> None:
        self.seen.append(seen)

    def end(self, account_id: str, secret_hash: str) -> None:
        del self.sessions[account_id, secret_hash]

    def end_all(self, account_id: str, before: int, ttl: int) -> None:
        self.ended.append((account_id, before, ttl))

    def end_all_write(self, *noted: Any) -> Any:
        return noted


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(service, "store", made)
    return made


def _begun(store: Store, *, kept: bool = False, now: datetime = NOW, who: Known = ANN) -> tuple[str, BrowserSession]:
    before = set(store.sessions)
    cookie = service.begin(who, "x" * 300, kept=kept, now=now)
    (key,) = set(store.sessions) - before
    return cookie, store.sessions[key]


def test_a_session_is_kept_under_the_hash_of_a_secret_that_only_the_browser_has(store: Store) -> None:
    cookie, session = _begun(store)
    account_id, secret = cookie.split(".")
    assert (account_id, len(secret)) == ("ann-1", 43)
    assert session.session_id == service.hash_of(secret)
    assert secret not in str(session.to_dynamodb_dict())
    assert (session.email, session.first_name, session.last_name, session.kept) == (ANN.email, "Ann", "Lee", False)
    assert (session.created, session.seen) == (1_799_056_800_500, 1_799_056_800_500)
    assert len(session.device) == 200
    # It outlives every session, by which time DynamoDB may delete it.
    assert session.ttl == int((NOW + 30 * DAY).timestamp())
    assert service.find(cookie, NOW) is session
    assert _begun(store)[0] != cookie


@pytest.mark.parametrize(
    "change", [lambda cookie: cookie[:-1], lambda cookie: cookie + "x", lambda cookie: cookie.replace(".", ""),
               lambda cookie: "." + cookie.split(".")[1], lambda cookie: "bob-1." + cookie.split(".")[1],
               lambda cookie: "ann-1." + "A" * 43, lambda cookie: ""],
)  # fmt: skip
def test_another_cookie_finds_nothing(store: Store, change: Any) -> None:
    cookie, _ = _begun(store)
    assert service.find(change(cookie), NOW) is None


@pytest.mark.parametrize(
    ("cookie", "account_id"),
    [
        ("ann-1." + "a" * 43, "ann-1"),
        (service.ended("ann-1"), "ann-1"),
        ("a" * 64 + "." + "b" * 43, "a" * 64),
        ("a" * 65 + "." + "b" * 43, ""),
        ("ann-1." + "a" * 42, ""),
        ("ann-1.end", ""),
        ("", ""),
    ],
)
def test_whose_a_cookie_is_or_was(cookie: str, account_id: str) -> None:
    assert service.account_in(cookie) == account_id


def test_an_ended_session_s_cookie_opens_nothing(store: Store) -> None:
    _begun(store)
    assert service.find(service.ended("ann-1"), NOW) is None


@pytest.mark.parametrize(
    ("kept", "is_admin", "idle", "ends"),
    [
        (False, False, HOUR, 12 * HOUR),
        (False, True, HOUR, 12 * HOUR),
        (True, True, HOUR, 12 * HOUR),
        (True, False, 30 * DAY, 30 * DAY),
    ],
)
def test_a_session_ends_some_time_after_the_log_in_and_the_last_request(
    store: Store, kept: bool, is_admin: bool, idle: timedelta, ends: timedelta
) -> None:
    _, session = _begun(store, kept=kept)
    assert not service.is_over(session, NOW + idle - MOMENT, is_admin=is_admin)
    for after in (idle, idle + MOMENT):
        assert service.is_over(session, NOW + after, is_admin=is_admin)
    # In use until the end.
    session.seen = int((NOW + ends - MOMENT).timestamp() * 1000)
    assert not service.is_over(session, NOW + ends - MOMENT, is_admin=is_admin)
    for after in (ends, ends + MOMENT):
        assert service.is_over(session, NOW + after, is_admin=is_admin)


def test_whether_an_admin_may_go_on_is_asked_later(store: Store) -> None:
    cookie, session = _begun(store, kept=True)
    assert service.find(cookie, NOW + 2 * DAY) is session
    assert service.find(cookie, NOW + 30 * DAY) is None
    assert _begun(store)[1].kept is False
    brief, _ = _begun(store)
    assert service.find(brief, NOW + HOUR) is None


def test_use_is_noted_every_five_minutes(store: Store) -> None:
    _, session = _begun(store)
    service.note_use(session, NOW + timedelta(minutes=5) - MOMENT)
    assert store.seen == []
    for minutes in (5, 6):
        service.note_use(session, NOW + timedelta(minutes=minutes))
    assert store.seen == [1_799_056_800_500 + 300_000, 1_799_056_800_500 + 360_000]


def test_devices_are_those_of_sessions_that_last_the_one_in_use_last_first(store: Store) -> None:
    _, old = _begun(store, now=NOW - HOUR)
    _, first = _begun(store, now=NOW - timedelta(minutes=30))
    _, kept = _begun(store, kept=True, now=NOW - 2 * HOUR)
    _, last = _begun(store)
    assert list(service.devices("ann-1", NOW)) == [last, first, kept]
    assert old in store.all_of("ann-1")


def test_one_session_ends_or_those_of_before_or_all(store: Store) -> None:
    _, first = _begun(store)
    _, second = _begun(store, now=NOW + HOUR)
    service.end_before("ann-1", NOW)
    assert store.all_of("ann-1") == [first, second]
    service.end_before("ann-1", NOW + MOMENT)
    assert store.all_of("ann-1") == [second]
    _, third = _begun(store, now=NOW + HOUR)
    service.end("ann-1", second.session_id)
    assert store.all_of("ann-1") == [third]
    _, other = _begun(store, who=Known("bob-1", None, "", ""))
    service.end_all("ann-1", NOW)
    assert (store.all_of("ann-1"), store.all_of("bob-1")) == ([], [other])


def test_the_note_that_all_were_ended_outlives_each_of_them(store: Store) -> None:
    noted = ("ann-1", 1_799_056_800_500, int((NOW + 60 * DAY).timestamp()))
    service.end_all("ann-1", NOW)
    assert store.ended == [noted]
    assert service.end_all_write("ann-1", NOW) == noted
    assert service.instant_of(noted[1]) == NOW


def test_only_what_one_press_began_is_one_device(store: Store) -> None:
    def begin(form_id: str | None, device: str = "Firefox", after: timedelta = timedelta()) -> BrowserSession:
        before = set(store.sessions)
        service.begin(ANN, device, kept=False, now=NOW + after, form_id=form_id)
        (key,) = set(store.sessions) - before
        return store.sessions[key]

    first, second = begin("one"), begin("one", after=timedelta(seconds=1))
    others = [begin("one", "Chrome"), begin("one", after=timedelta(minutes=2)), begin("two"), begin(None), begin(None)]
    shown = {session.session_id for session in service.devices("ann-1", NOW)}
    assert shown == {second.session_id, *(one.session_id for one in others)}
    # The browser that asks finds itself, whichever answer it took.
    shown = {session.session_id for session in service.devices("ann-1", NOW, first.session_id)}
    assert first.session_id in shown
    assert second.session_id not in shown
    service.end_device("ann-1", first.session_id)
    assert {session_id for _, session_id in store.sessions} == {one.session_id for one in others}
    service.end_device("ann-1", "of nobody")
    assert len(store.sessions) == len(others)
