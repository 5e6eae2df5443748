"""The calendar feed costs one query while nothing changes; what changes shows at once, and its ETag with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from chalicelib.training.sessions import answers, participant_store
from chalicelib.training.sessions.calendars import feed_store, replies
from chalicelib.training.sessions.calendars.feed_models import FeedToken
from chalicelib.training.sessions.calendars.reply_parser import Reply
from chalicelib.training.sessions.enrolling import enroll_chunk
from chalicelib.training.sessions.states import AnsweredBy
from infra.cloud import Cloud
from tests.bench.meter import Meter, metered
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.kept_scene import KeptScene
from tests.stories.live_trainings import LiveTrainings

ONE_QUERY = {"dynamodb.Query": 1}
# The file that is kept; the memberships, the trainings of one, all that there is to show; the file again.
MADE_ANEW = {"dynamodb.Query": 3, "dynamodb.BatchGetItem": 1, "dynamodb.TransactWriteItems": 1}
MADE_ONLY = {"dynamodb.Query": 3, "dynamodb.BatchGetItem": 1}


class Subscriber:
    """Ann, in two trainings of several, and the feed that her calendar program asks for."""

    def __init__(self, live: LiveTrainings, meter: Meter) -> None:
        self.live, self.meter = live, meter
        self.account, self.member = live.world.learner(live.org, email="ann@example.com")
        self.training = live.training("First aid")
        self.session = live.session(self.training, capacity=2, waiting_list=True)
        self.full = live.training("Forklift")
        self.full_session = live.session(self.full, capacity=1, waiting_list=True, starts_at="2027-02-02T09:00",
                                         ends_at="2027-02-02T10:00")  # fmt: skip
        self.bob = live.person("bob@example.com")
        live.enroll([self.bob], (self.full, self.full_session))
        live.enroll([self.member], (self.training, self.session), (self.full, self.full_session))
        live.send()
        self.renew("first")

    def renew(self, key: str) -> None:
        answer = self.live.world.post("/me/calendar", self.account, headers={"Idempotency-Key": key})
        self.path = "/calendar/" + answer.json["address"].rpartition("/")[2]

    @property
    def token(self) -> str:
        return self.path.rpartition("/")[2]

    def ask(self, etag: str | None = None) -> tuple[Answer, Counter[str]]:
        """The answer, and the calls that it took."""
        self.meter.take()
        answer = self.live.world.get(self.path, headers={"If-None-Match": etag} if etag else {})
        return answer, self.meter.take().calls

    def kept(self) -> Answer:
        """The feed, when its file is kept: a while after the latest change."""
        self.live.later(minutes=4)
        self.ask()
        answer, calls = self.ask()
        assert calls == ONE_QUERY
        return answer

    def files(self) -> list[dict[str, Any]]:
        return [item for item in self.live.world.dump("core") if item["sk"] == "FILE"]

    def made_anew(self) -> str:
        """What it is without the file that is kept."""
        feed_store.drop_file(self.token)
        return self.ask()[0].text

    # ------------------------------------------------------------ what changes it

    def own(self, word: str) -> None:
        path = f"/me/trainings/{self.live.org}.{self.member}.{self.training}/{word}"
        assert self.live.world.post(path, self.account).status == 200

    def of_session(self, **fields: Any) -> None:
        self.live.patch(self.training, self.session, **fields)

    def of_training(self, **fields: Any) -> None:
        self.live.ask("PATCH", f"/{self.training}", fields)

    def of_participant(self, **fields: Any) -> None:
        self.live.ask("PATCH", f"/{self.training}/participants/{self.member}", fields)


CHANGES: dict[str, Callable[[Subscriber], Any]] = {
    "confirmed in the account": lambda ann: ann.own("confirm"),
    "declined in the account": lambda ann: ann.own("decline"),
    "confirmed by link": lambda ann: ann.live.world.submit(
        f"/rsvp/{next(one['token'] for one in ann.live.world.dump('core') if one.get('session_id') == ann.session and 'token' in one)}",  # noqa: E501
        {"answer": "confirm"},
    ),
    "another place": lambda ann: ann.of_session(place="Room 2"),
    "another place, told to nobody": lambda ann: ann.of_session(place="Room 2", notify=False),
    "another time": lambda ann: ann.of_session(starts_at="2027-02-01T08:00"),
    "another instructor": lambda ann: ann.of_session(instructor="Dr. Kim"),
    "another title": lambda ann: ann.of_training(title="Second aid"),
    "another title, told to nobody": lambda ann: ann.of_training(title="Second aid", notify=False),
    "moved": lambda ann: ann.of_participant(session_id=ann.live.session(ann.training, starts_at="2027-03-01T09:00",
                                                                        ends_at="2027-03-01T10:00")),
    "taken out": lambda ann: ann.live.ask("POST", f"/{ann.training}/participants/{ann.member}/cancel"),
    "called off": lambda ann: ann.live.ask("POST", f"/{ann.training}/sessions/{ann.session}/cancel", {}),
    "enrolled in another": lambda ann: ann.live.enroll([ann.member], ann.live.one()),
    "a place after waiting": lambda ann: ann.live.answer("bob@example.com", "decline"),
}  # fmt: skip


@pytest.fixture(scope="module")
def meter(cloud: Cloud) -> Iterator[Meter]:
    """One for all tests: new clients take longer than what they are used for."""
    with metered(Meter()) as made:
        yield made


_SUBSCRIBED = KeptScene(
    lambda world, meter, monkeypatch: Subscriber(LiveTrainings(world, Driver(world), monkeypatch), meter)
)


@pytest.fixture
def ann(world: World, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> Subscriber:
    made = _SUBSCRIBED.begin(world, meter, monkeypatch)
    made.live.mailbox.is_this_world_s(monkeypatch)
    meter.take()
    return made


def test_while_nothing_changes_it_is_one_query_and_nothing_is_sent_twice(ann: Subscriber) -> None:
    ann.live.later(minutes=4)
    first, calls = ann.ask()
    assert (first.status, calls) == (200, MADE_ANEW)
    again, calls = ann.ask()
    assert (again.status, again.text, again.headers["etag"], calls) == (
        200,
        first.text,
        first.headers["etag"],
        ONE_QUERY,
    )
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer, calls = ann.ask(known)
        assert (answer.status, answer.text, answer.headers["etag"], calls) == (304, "", etag, ONE_QUERY)
    answer, calls = ann.ask('"other"')
    assert (answer.status, answer.text, calls) == (200, first.text, ONE_QUERY)


def test_the_etag_stays_when_the_file_is_made_anew_and_nothing_has_changed(ann: Subscriber) -> None:
    etag = ann.kept().headers["etag"]
    # A day later nobody trusts the file any more.
    ann.live.later(days=1)
    answer, calls = ann.ask(etag)
    assert (answer.status, answer.text, calls) == (304, "", MADE_ANEW)
    assert ann.ask(etag)[1] == ONE_QUERY


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_shows_at_once_and_is_kept_again_later(ann: Subscriber, name: str) -> None:
    before = ann.kept()
    CHANGES[name](ann)
    ann.live.driver.work()
    answer, calls = ann.ask(before.headers["etag"])
    assert (answer.status, calls) == (200, MADE_ONLY)
    assert answer.text != before.text
    assert answer.headers["etag"] != before.headers["etag"]
    later = ann.kept()
    assert later.text == answer.text == ann.made_anew()


def test_a_file_that_is_made_just_before_a_change_is_written_does_not_stay(
    ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks between the mark and the change, or beside it, gets the old feed, which is not kept."""
    before = ann.kept()
    commit = participant_store.commit

    def asked_first(writes: Any) -> None:
        assert ann.ask()[0].text == before.text
        commit(writes)

    with monkeypatch.context() as patched:
        patched.setattr(participant_store, "commit", asked_first)
        ann.own("confirm")
    assert ann.ask()[0].text != before.text
    ann.live.later(minutes=4)
    assert ann.ask()[0].text != before.text


def test_a_file_that_is_made_while_a_change_is_marked_does_not_count(
    ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read before the mark, kept after it."""
    ann.live.later(minutes=4)
    keep = feed_store.keep

    def slowly(*args: Any) -> None:
        ann.own("confirm")
        keep(*args)

    with monkeypatch.context() as patched:
        patched.setattr(feed_store, "keep", slowly)
        before = ann.ask()[0].text
    assert len(ann.files()) == 1
    after = ann.ask()[0].text
    assert after != before
    ann.live.later(minutes=4)
    assert ann.ask()[0].text == after


def test_time_alone_changes_it_too(ann: Subscriber) -> None:
    """Who is to know of a training from a moment on sees it then, though no job has run yet."""
    moment = ann.live.world.now + timedelta(hours=30)
    ann.live.enroll([ann.member], ann.live.one(), visible_from=to_text(moment))
    ann.live.world.now = moment - timedelta(hours=20)
    assert ann.kept().text.count("BEGIN:VEVENT") == 1
    ann.live.world.now = moment
    answer, calls = ann.ask()
    assert (answer.text.count("BEGIN:VEVENT"), calls) == (2, MADE_ANEW)


@pytest.mark.parametrize("path", ["/participants/{member}/cancel", "/sessions/{session}/cancel", ""])
def test_what_is_cancelled_or_over_goes_after_30_days(ann: Subscriber, path: str) -> None:
    ann.kept()
    if path:
        ann.live.ask("POST", f"/{ann.training}{path.format(member=ann.member, session=ann.session)}", {})
        ann.live.driver.work()
    else:
        ann.live.world.now = datetime(2027, 2, 1, 9, 30, tzinfo=UTC)
    ann.live.later(days=29, hours=23)
    assert ann.kept().text.count("BEGIN:VEVENT") == 1
    ann.live.later(hours=1)
    answer, calls = ann.ask()
    assert (answer.text.count("BEGIN:VEVENT"), calls) == (0, MADE_ANEW)


def test_who_is_taken_out_before_being_told_does_not_stay_in_it(
    ann: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed shows what there is, and may do so before the mail is made."""
    other = ann.live.one()
    with monkeypatch.context() as patched:
        patched.setattr(enroll_chunk, "tell_results", lambda *_: None)
        ann.live.enroll([ann.member], other)
    assert ann.kept().text.count("BEGIN:VEVENT") == 2
    ann.live.ask("POST", f"/{other[0]}/participants/{ann.member}/cancel")
    ann.live.driver.work()
    assert ann.ask()[0].text.count("BEGIN:VEVENT") == 1


def test_perhaps_in_the_calendar_shows_at_once(ann: Subscriber) -> None:
    ann.own("confirm")
    before = ann.kept().text
    (token,) = [one["token"] for one in ann.live.world.dump("core") if one.get("session_id") == ann.session
                and one.get("member_id") == ann.member and "token" in one]  # fmt: skip
    answerer = answers.by_token(token, AnsweredBy.CALENDAR)
    reply = Reply("REPLY", "", (("ann@example.com", "TENTATIVE"),), None, None, "")
    assert replies.apply(answerer, reply, ann.live.world.now) == replies.Outcome.COUNTED
    after = ann.ask()[0].text
    assert (before.count("STATUS:CONFIRMED"), after.count("STATUS:CONFIRMED")) == (1, 0)
    ann.live.later(minutes=4)
    assert ann.ask()[0].text == after


def test_a_renewed_address_leaves_no_file_of_the_old_one(ann: Subscriber) -> None:
    ann.kept()
    old = ann.token
    assert len(ann.files()) == 1
    ann.renew("second")
    assert ann.files() == []
    # Who still makes the old feed at that moment.
    feed_store.keep(old, b"", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z")
    assert ann.files() == []
    assert ann.kept().status == 200


def test_a_feed_too_large_for_an_item_is_made_each_time(ann: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.training.sessions.calendars.feed._MOST_KEPT", 100)
    ann.live.later(minutes=4)
    assert [ann.ask()[1] for _ in range(2)] == [MADE_ONLY, MADE_ONLY]


def test_changes_of_people_without_a_feed_write_nothing_about_one(ann: Subscriber, meter: Meter) -> None:
    other, member = ann.live.world.learner(ann.live.org, email="carol@example.com")
    ann.live.enroll([member], (ann.training, ann.session))
    meter.take()
    path = f"/me/trainings/{ann.live.org}.{member}.{ann.training}/confirm"
    assert ann.live.world.post(path, other).status == 200
    assert meter.take().calls["dynamodb.UpdateItem"] == 0


def test_who_is_erased_leaves_no_file(ann: Subscriber) -> None:
    """In one organization: the file showed its trainings. It is made without them."""
    ann.kept()
    world = ann.live.world
    other = world.org(ann.live.driver.msp, "Another firm")
    world.member(other, email="ann@home.example", account_id=ann.account)
    path = f"/orgs/{ann.live.org}/members/{ann.member}"
    assert world.post(path + "/archive", ann.live.admin).status == 200
    ann.live.driver.work()
    assert world.post(path + "/erase", ann.live.admin, headers={"Idempotency-Key": "erase"}).status == 202
    ann.live.driver.work()
    assert ann.files() == []
    assert "First aid" not in ann.ask()[0].text


def test_who_has_a_feed_of_two_organizations_makes_one_call_more_when_it_is_made(ann: Subscriber) -> None:
    other = ann.live.world.org(ann.live.driver.msp, "Another firm")
    ann.live.world.member(other, email="ann@home.example", account_id=ann.account)
    ann.live.later(minutes=4)
    _, calls = ann.ask()
    assert calls == {**MADE_ANEW, "dynamodb.Query": 4}
    assert ann.ask()[1] == ONE_QUERY


def test_no_mark_brings_back_an_address_that_was_renewed(ann: Subscriber, monkeypatch: pytest.MonkeyPatch) -> None:
    """Renewed between looking the feed up and marking it."""
    old, update_if = ann.token, table.update_if

    def late(item: Any, *args: Any) -> Any:
        if isinstance(item, FeedToken):
            ann.renew("second")
        return update_if(item, *args)

    with monkeypatch.context() as patched:
        patched.setattr(table, "update_if", late)
        feed_store.changing([ann.account], "2027-01-05T00:00:00Z")
    assert ann.live.world.get(f"/calendar/{old}").status == 404
