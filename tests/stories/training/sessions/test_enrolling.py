"""Enrolling many people in several trainings: exactly once, with a result each, at the chosen moment (O5, O7)."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import worker
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.training.sessions import participant_store
from tests.bench.meter import Meter, metered
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_each_person_and_training_has_a_result_with_its_reason(live: LiveTrainings) -> None:
    training, session = live.one()
    other = live.session(training)
    ann, prospect = live.person(ANN), live.person(BOB, status="pending")
    live.enroll([ann], (training, other))
    enroll_id = live.enroll([ann, prospect, "nobody", live.person("new@example.com")], (training, session))
    rows = {row["member_id"]: row for row in live.results(enroll_id)}
    assert [row["code"] for row in rows.values()] == ["already_participant", "not_active", "unknown_member", "invited"]
    assert rows[ann]["session_id"] == other
    assert all(row["sentence"] and row["next_step"] for row in rows.values())


def test_wrong_choices_are_named_and_nothing_is_enrolled(live: LiveTrainings) -> None:
    training, session = live.one()
    gone = live.session(training)
    live.ask("POST", f"/{training}/sessions/{gone}/cancel", {})
    member = live.person(ANN)
    wrong = [
        {"training_id": training, "session_id": gone}, {"training_id": training, "session_id": session},
        {"training_id": "nothing", "session_id": session},
        {"training_id": live.training("Other"), "session_id": session},
    ]  # fmt: skip
    answer = live.ask("POST", "/enroll", {"member_ids": [member], "items": wrong}, 422)
    assert [(error["field"], error["code"]) for error in answer["errors"]] == [
        ("items.0.session_id", "session_cancelled"), ("items.1.training_id", "repeated"),
        ("items.2.training_id", "unknown_training"), ("items.3.session_id", "unknown_session"),
    ]  # fmt: skip
    far = to_text(live.world.now + timedelta(days=400))
    good = {"member_ids": [member], "items": [{"training_id": training, "session_id": session}]}
    assert live.ask("POST", "/enroll", {**good, "visible_from": far}, 422)["errors"][0]["code"] == "too_late"
    assert live.participants(training) == []


def test_two_trainings_at_the_same_time_are_allowed_with_a_warning(live: LiveTrainings) -> None:
    first, second, later = live.one(), live.one(), live.one(starts_at="2027-02-01T10:30", ends_at="2027-02-01T11:00")
    member = live.person(ANN)
    items = [{"training_id": training, "session_id": session} for training, session in (first, second, later)]
    answer = live.ask("POST", "/enroll", {"member_ids": [member], "items": items}, 202)
    assert [(one["code"], one["with"]["session_id"]) for one in answer["warnings"]] == [("overlap", second[1])]
    live.driver.work()
    rows = live.results(answer["enroll_id"])
    assert [[one["with"]["session_id"] for one in row["warnings"]] for row in rows] == [[second[1]], [first[1]], []]
    # A later request is warned of what the person has already.
    again = live.one()
    (row,) = live.results(live.enroll([member], again))
    assert sorted(one["with"]["session_id"] for one in row["warnings"]) == sorted([first[1], second[1]])


def test_nobody_knows_before_the_moment_and_everybody_is_told_then(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([ann, bob], (training, session), visible_from=to_text(live.world.now + timedelta(days=2)))
    assert [row["status"] for row in live.participants(training)] == ["invited", "waiting"]
    live.patch(training, session, place="Room 3")
    live.driver.work()
    live.send()
    assert live.mailbox.mails() == []
    live.later(days=2)
    assert live.driver.fire() == 1
    live.send()
    assert (live.subjects(ANN), live.subjects(BOB)) == (["Invitation: First aid"], ["Waiting list: First aid"])
    assert str(live.event(ANN)[1]["LOCATION"]) == "Room 3"


def test_a_lost_schedule_costs_minutes_and_a_promotion_before_the_moment_is_told_at_it(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([ann, bob], (training, session), visible_from=to_text(live.world.now + timedelta(days=2)))
    live.ask("POST", f"/{training}/participants/{ann}/cancel")
    live.driver.work()
    live.send()
    assert live.mailbox.mails() == []
    live.driver.drop_schedules()
    live.later(days=2, minutes=5)
    live.driver.sweep()
    live.send()
    assert (live.subjects(ANN), live.subjects(BOB)) == ([], ["Invitation: First aid"])


def test_30_people_in_20_trainings_are_enrolled_once_though_every_message_comes_twice(live: LiveTrainings) -> None:
    pairs = [live.one(capacity=25 if number == 0 else None, waiting_list=True) for number in range(20)]
    people = live.world.members(live.org, 30)
    enroll_id = live.enroll(people, *pairs, work=False)
    again: list[dict[str, Any]] = []
    while messages := live.world.messages():
        for message in messages:
            _deliver(live, message)
            again.append(message)
    for message in again:
        _deliver(live, message)
    rows = live.results(enroll_id)
    assert Counter(row["code"] for row in rows) == {"invited": 595, "waiting": 5}
    assert len({(row["member_id"], row["training_id"]) for row in rows}) == 600
    for _, session in pairs:
        live.sound(session)
    read = live.ask("GET", f"/enroll/{enroll_id}?limit=1")
    assert (read["status"], read["num_people"], read["num_done"]) == ("done", 30, 30)


def test_a_message_of_25_people_in_20_trainings_has_the_time_to_end_even_when_aws_is_slow(live: LiveTrainings) -> None:
    """At 40 ms a call five of them are within half of the worker's two minutes: 300 calls each."""
    full = live.one(capacity=10, waiting_list=True)
    pairs = [full, *(live.one() for _ in range(19))]
    # Some have an account, in which they are told too.
    people = [live.world.learner(live.org)[1] for _ in range(15)] + live.world.members(live.org, 10, named=True)
    enroll_id = live.enroll(people, *pairs, work=False)
    (start,) = live.world.messages()
    _deliver(live, start)
    (chunk,) = live.world.messages()
    with metered(Meter()) as meter:
        _deliver(live, chunk)
        calls = meter.take().calls
    assert calls.total() <= 200, calls
    assert Counter(live.outcomes(enroll_id)) == {"invited": 485, "waiting": 15}
    told = [item for item in live.world.dump("core") if "told_sequence" in item or "told_waiting" in item]
    mails = [item for item in live.world.dump("outbox") if item["pk"].startswith("MAIL#")]
    notices = [item for item in live.world.dump("outbox") if item["sk"].startswith("NOTICE#")]
    assert (len(told), len(mails), len(notices)) == (500, 500, 300)


def test_whoever_else_takes_places_costs_a_few_calls_and_not_some_for_each_person(
    live: LiveTrainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, chosen = live.one(), live.one()
    people = live.world.members(live.org, 20)
    live.enroll(people[:1], other)
    enroll_id = live.enroll(people, chosen, work=False)
    (start,) = live.world.messages()
    _deliver(live, start)
    (chunk,) = live.world.messages()
    commit, left, calls = participant_store.commit, [None] * 4, Counter[str]()
    with metered(Meter()) as meter:

        def met(writes: Any) -> None:
            left.pop()
            if left:
                raise ConditionFailed()
            # Whoever else enrolls one of them at this moment is first.
            monkeypatch.setattr(participant_store, "commit", commit)
            calls.update(meter.take().calls)
            live.enroll(people[4:5], chosen)
            meter.take()
            commit(writes)

        monkeypatch.setattr(participant_store, "commit", met)
        _deliver(live, chunk)
        calls.update(meter.take().calls)
    # Everybody's trainings are read once.
    assert calls["dynamodb.Query"] == len(people)
    codes = live.outcomes(enroll_id)
    assert Counter(codes) == {"invited": 19, "already_participant": 1}
    assert codes[4] == "already_participant"
    # What is held in other trainings is known all the same.
    (row, *_) = live.results(enroll_id)
    assert [one["with"]["session_id"] for one in row["warnings"]] == [other[1]]


def test_at_the_moment_a_message_tells_of_some_500_invitations_however_many_the_trainings(live: LiveTrainings) -> None:
    pairs = [live.one() for _ in range(20)]
    people = live.world.members(live.org, 60)
    live.enroll(people, *pairs, visible_from=to_text(live.world.now + timedelta(days=2)))
    live.later(days=2, minutes=5)
    live.driver.drop_schedules()
    worker.sweep(lambda: live.world.now)
    told = []
    while messages := [one for one in live.world.messages() if one["job"] == "show_enrolled"]:
        (message,) = messages
        _deliver(live, message)
        items = live.world.dump("core")
        told.append(sum(1 for item in items if item.get("told_sequence") is not None))
    assert told == [500, 1000, 1200]


def test_10000_people_are_one_request_of_400_chunks_and_one_more_is_refused(live: LiveTrainings) -> None:
    training, session = live.one()
    people = [f"nobody-{number:05d}" for number in range(9_999)] + [live.person(ANN)]
    items = [{"training_id": training, "session_id": session}]
    assert live.ask("POST", "/enroll", {"member_ids": [*people, "more"], "items": items}, 422)
    enroll_id = live.enroll(people, (training, session), work=False)
    (start,) = live.world.messages()
    _deliver(live, start)
    messages = live.world.messages()
    assert sorted(message["chunk"] for message in messages) == list(range(400))
    for message in messages:
        if message["chunk"] in (0, 39, 40, 399):
            _deliver(live, message)
    read = live.ask("GET", f"/enroll/{enroll_id}")
    assert (read["status"], read["num_people"], read["num_done"]) == ("running", 10_000, 100)
    rows = live.results(enroll_id)
    assert [row["member_id"] for row in rows] == people[:25] + people[975:1025] + people[9_975:]
    assert (rows[0]["code"], rows[-1]["code"]) == ("unknown_member", "invited")
    # The job comes again for those that have no result.
    _deliver(live, start)
    assert len(live.world.messages()) == 396


def test_a_chunk_that_was_given_up_fails_those_whom_it_did_not_reach(live: LiveTrainings) -> None:
    training, session = live.one()
    people = live.world.members(live.org, 30)
    enroll_id = live.enroll(people, (training, session), work=False)
    (start,) = live.world.messages()
    _deliver(live, start)
    first, second = live.world.messages()
    _deliver(live, first)
    records = [{"messageId": "1", "body": json.dumps(second)}]
    assert worker.handle_dead_letters({"Records": records}, lambda: live.world.now) == {"batchItemFailures": []}
    assert Counter(live.outcomes(enroll_id)) == {"invited": 25, "processing_failed": 5}
    assert live.ask("GET", f"/enroll/{enroll_id}")["status"] == "done"
    # The due entry goes once everything has a result.
    live.later(minutes=15)
    live.driver.sweep()
    assert not [item for item in live.world.dump("outbox") if item["pk"].startswith("DUE#")]


def _deliver(live: LiveTrainings, message: dict[str, Any]) -> None:
    event = {"Records": [{"messageId": "1", "body": json.dumps(message)}]}
    assert worker.work(event, lambda: live.world.now) == {"batchItemFailures": []}
