"""A session changes, moves, is cancelled: SEQUENCE goes up, everybody concerned is told once (O6)."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN, BOB, CAROL = (f"{name}@example.com" for name in ("ann", "bob", "carol"))


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def settle(live: LiveTrainings) -> None:
    live.driver.work()
    live.send()


def test_another_time_goes_to_those_who_come_or_may_come_and_not_to_who_declined(live: LiveTrainings) -> None:
    training, session = live.one()
    live.enroll([live.person(address) for address in (ANN, BOB, CAROL)], (training, session))
    live.send()
    uid = live.event(ANN)[1]["UID"]
    live.answer(ANN, "confirm")
    live.answer(BOB, "decline")
    assert live.patch(training, session, starts_at="2027-02-01T10:00", ends_at="2027-02-01T11:30")["sequence"] == 1
    settle(live)
    assert live.subjects(ANN) == ["Invitation: First aid", "Changed: First aid"]
    assert live.subjects(BOB) == ["Invitation: First aid"]
    method, event = live.event(ANN)
    assert (method, int(event["SEQUENCE"]), event["UID"]) == ("REQUEST", 1, uid)
    assert event["DTSTART"].to_ical() == b"20270201T090000Z"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert live.event(CAROL)[1]["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    # Who thinks better of it is told what has changed since.
    live.answer(BOB, "confirm")
    settle(live)
    assert live.subjects(BOB) == ["Invitation: First aid", "Changed: First aid"]
    assert int(live.event(BOB)[1]["SEQUENCE"]) == 1


def test_what_is_not_told_and_what_changes_nothing_send_no_mail(live: LiveTrainings) -> None:
    training, session = live.one()
    live.enroll([live.person(ANN)], (training, session))
    live.send()
    assert live.patch(training, session, place="Room 1", capacity=9)["sequence"] == 0
    assert live.patch(training, session, place="Room 2", notify=False)["sequence"] == 1
    settle(live)
    assert len(live.mails(ANN)) == 1
    live.patch(training, session, instructor="Dr. Who")
    settle(live)
    assert int(live.event(ANN)[1]["SEQUENCE"]) == 2
    assert str(live.event(ANN)[1]["LOCATION"]) == "Room 2"


def test_two_changes_before_the_mail_goes_out_are_one_mail(live: LiveTrainings) -> None:
    training, session = live.one()
    live.enroll([live.person(ANN)], (training, session))
    live.patch(training, session, place="Room 2")
    live.driver.work()
    live.send()
    assert live.subjects(ANN) == ["Invitation: First aid"]
    assert (str(live.event(ANN)[1]["LOCATION"]), int(live.event(ANN)[1]["SEQUENCE"])) == ("Room 2", 1)


def test_another_title_is_told_for_all_sessions_to_come(live: LiveTrainings) -> None:
    training = live.training()
    first, second = (
        live.session(training),
        live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00"),
    )
    live.enroll([live.person(ANN)], (training, first))
    live.enroll([live.person(BOB)], (training, second))
    live.send()
    live.ask("PATCH", f"/{training}", {"title": "First aid II"})
    settle(live)
    for address in (ANN, BOB):
        assert live.subjects(address)[1:] == ["Changed: First aid II"]
        assert (str(live.event(address)[1]["SUMMARY"]), int(live.event(address)[1]["SEQUENCE"])) == ("First aid II", 1)


def test_a_cancelled_session_leaves_calendars_and_stays_on_record(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    ann = live.person(ANN)
    live.enroll([ann, live.person(BOB)], (training, session))
    live.send()
    path, token = f"/{training}/sessions/{session}/cancel", live.token(ANN)
    assert live.ask("POST", path, {"reason": "The trainer is ill."})["status"] == "cancelled"
    settle(live)
    method, event = live.event(ANN)
    assert (method, int(event["SEQUENCE"]), str(event["STATUS"])) == ("CANCEL", 1, "CANCELLED")
    assert "The trainer is ill." in live.mails(ANN)[-1]["BodyText"]
    # Who waited had no entry in the calendar: a plain mail.
    assert live.subjects(BOB) == ["Waiting list: First aid", "Cancelled: First aid"]
    assert [part.get_content_type() for part in live.message(BOB).iter_parts()] == ["text/plain", "text/html"]
    assert [row["status"] for row in live.participants(training)] == ["cancelled", "cancelled"]
    assert live.ask("POST", path, {})["cancel_reason"] == "The trainer is ill."
    assert live.world.submit(f"/rsvp/{token}", {"answer": "confirm"}).status == 409
    settle(live)
    assert len(live.mails(ANN)) == 2
    # They may be enrolled in another session of the training.
    other = live.session(training)
    assert live.outcomes(live.enroll([ann], (training, other))) == ["invited"]


def test_who_is_moved_frees_the_place_and_the_calendar_entry_goes_along(live: LiveTrainings) -> None:
    training = live.training()
    first = live.session(training, capacity=1, waiting_list=True)
    second = live.session(training, starts_at="2027-03-01T09:00", ends_at="2027-03-01T10:00", capacity=1)
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([ann, bob], (training, first))
    live.send()
    live.answer(ANN, "confirm")
    uid = live.event(ANN)[1]["UID"]
    # The other session changed more often than this one.
    live.patch(training, second, place="Room 9")
    live.patch(training, second, place="Room 8")
    moved = live.ask("PATCH", f"/{training}/participants/{ann}", {"session_id": second})
    assert (moved["session_id"], moved["status"]) == (second, "invited")
    settle(live)
    method, event = live.event(ANN)
    assert (method, int(event["SEQUENCE"]), event["UID"]) == ("REQUEST", 1, uid)
    assert event["DTSTART"].to_ical() == b"20270301T080000Z"
    assert live.subjects(BOB) == ["Waiting list: First aid", "Invitation: First aid"]
    for session in (first, second):
        live.sound(session)
    full = live.ask("PATCH", f"/{training}/participants/{bob}", {"session_id": second}, 409)
    assert full["code"] == "session_full"
    # Back again, where nobody is by now.
    live.ask("POST", f"/{training}/participants/{bob}/cancel")
    live.ask("PATCH", f"/{training}/participants/{ann}", {"session_id": first})
    settle(live)
    assert (int(live.event(ANN)[1]["SEQUENCE"]), live.event(ANN)[1]["UID"]) == (2, uid)
    assert live.event(BOB)[0] == "CANCEL"
    assert live.answer(ANN, "confirm").status == 303
    for session in (first, second):
        live.sound(session)


def test_what_happens_after_a_cancellation_is_no_news_for_who_was_cancelled(live: LiveTrainings) -> None:
    training, session = live.one()
    ann = live.person(ANN)
    live.enroll([ann], (training, session))
    live.send()
    live.ask("POST", f"/{training}/participants/{ann}/cancel")
    live.driver.work()
    # Before the mail of it goes out, the session changes, and is called off.
    live.patch(training, session, place="Room 2")
    settle(live)
    live.ask("POST", f"/{training}/sessions/{session}/cancel", {})
    settle(live)
    assert live.subjects(ANN) == ["Invitation: First aid", "Cancelled: First aid"]


def test_who_waits_is_moved_to_a_free_place_or_to_another_line(live: LiveTrainings) -> None:
    training = live.training()
    first, second = (live.session(training, capacity=1, waiting_list=True) for _ in range(2))
    ann, bob, carol = (live.person(address) for address in (ANN, BOB, CAROL))
    live.enroll([ann, bob, carol], (training, first))
    live.send()
    assert live.ask("PATCH", f"/{training}/participants/{bob}", {"session_id": second})["status"] == "invited"
    assert live.ask("PATCH", f"/{training}/participants/{carol}", {"session_id": second})["status"] == "waiting"
    settle(live)
    assert live.subjects(BOB) == ["Waiting list: First aid", "Invitation: First aid"]
    for session in (first, second):
        live.sound(session)


def test_who_is_cancelled_gets_the_cancellation_and_can_be_enrolled_again(live: LiveTrainings) -> None:
    training, session = live.one()
    ann = live.person(ANN)
    live.enroll([ann], (training, session))
    live.send()
    uid = live.event(ANN)[1]["UID"]
    path = f"/{training}/participants/{ann}/cancel"
    assert live.ask("POST", path)["status"] == "cancelled"
    assert live.ask("POST", path)["status"] == "cancelled"
    settle(live)
    assert live.subjects(ANN) == ["Invitation: First aid", "Cancelled: First aid"]
    assert (live.event(ANN)[0], int(live.event(ANN)[1]["SEQUENCE"])) == ("CANCEL", 1)
    assert live.outcomes(live.enroll([ann], (training, session))) == ["invited"]
    live.send()
    assert live.event(ANN)[0] == "REQUEST"
    # Another participation, and another entry: many programs show nothing more under a UID that was cancelled.
    assert live.event(ANN)[1]["UID"] != uid
    live.sound(session)


def test_who_leaves_the_organization_leaves_the_sessions_to_come(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1, waiting_list=True)
    ann, bob = live.person(ANN), live.person(BOB)
    live.enroll([ann, bob], (training, session))
    live.send()
    assert live.world.post(f"/orgs/{live.org}/members/{ann}/archive", live.admin).status == 200
    settle(live)
    assert [(row["member_id"], row["status"]) for row in live.participants(training)] == [
        (ann, "cancelled"), (bob, "invited"),
    ]  # fmt: skip
    assert live.subjects(BOB)[-1] == "Invitation: First aid"
    live.sound(session)


def test_the_trail_names_no_instructor_and_nobody_who_is_the_reason(live: LiveTrainings) -> None:
    training = live.training()
    session = live.session(training, instructor="Ivy Instructor")
    live.patch(training, session, instructor="Otto Other", place="Room 9")
    live.ask("POST", f"/{training}/sessions/{session}/cancel", {"reason": "Otto is ill"})
    entries = live.world.every(f"/orgs/{live.org}/audit", live.admin)
    told = {one["action"]: one for one in entries if one["target"] == f"session/{session}"}
    assert not [name for name in ("Ivy", "Otto") if name in str(entries)]
    created, changed, cancelled = (told[f"session.{what}"] for what in ("created", "changed", "cancelled"))
    assert created["after"]["personal"] == ["instructor"]
    assert (changed["before"]["personal"], changed["after"]["personal"]) == (["instructor"], ["instructor"])
    assert changed["after"]["place"] == "Room 9"
    assert cancelled["after"] == {"personal": ["cancel_reason"]}


@pytest.mark.parametrize("year", ["0001", "1999", "3000", "9999"])
def test_a_year_that_is_no_instant_in_some_time_zone_is_refused(live: LiveTrainings, year: str) -> None:
    form = {
        "starts_at": f"{year}-01-01T00:00",
        "ends_at": f"{year}-12-31T23:59",
        "time_zone": "Asia/Tokyo",
        "place": "A",
    }
    answer = live.ask("POST", f"/{live.training()}/sessions", form, 422)
    assert {error["code"] for error in answer["errors"]} == {"out_of_range"}
