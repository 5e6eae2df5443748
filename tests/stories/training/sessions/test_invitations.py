"""A live training from its making to the answer by link: the mail, its calendar part, the page (O4 to O6)."""

import pytest

from chalicelib.web.html import root
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings

ANN = "ann@example.com"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_somebody_is_enrolled_gets_an_invitation_for_the_calendar_and_confirms_by_link(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2, instructor="Dr. Who")
    member = live.person(ANN)
    enroll_id = live.enroll([member], (training, session))
    (result,) = live.results(enroll_id)
    assert (result["result"], result["session_id"], result["warnings"]) == ("invited", session, [])
    live.send()
    (mail,) = live.mails(ANN)
    assert mail["Subject"] == "Invitation: First aid"
    assert "Monday, 1 February 2027, 09:00 to 10:30 (Europe/Berlin, UTC+01:00)" in mail["BodyText"]
    method, event = live.event(ANN)
    assert (method, str(event["SUMMARY"]), int(event["SEQUENCE"])) == ("REQUEST", "First aid", 0)
    assert event["DTSTART"].to_ical() == b"20270201T080000Z"

    page = live.world.get(f"/rsvp/{live.token(ANN)}")
    assert (page.status, "I'm coming" in page.text.replace("&#39;", "'")) == (200, True)
    assert live.answer(ANN, "confirm").status == 303
    assert live.answer(ANN, "confirm").status == 303
    assert live.read(training, session)["num_taken"] == 1
    assert "You're coming" in live.world.get(f"/rsvp/{live.token(ANN)}").text


def test_the_mail_is_one_alternative_of_text_page_and_calendar(live: LiveTrainings) -> None:
    live.enroll([live.person(ANN)], live.one())
    live.send()
    message = live.message(ANN)
    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    assert parts[2].get_param("method") == "REQUEST"
    assert parts[2].get_content_charset() == "utf-8"


def test_the_page_shows_and_only_its_buttons_answer(live: LiveTrainings) -> None:
    training, session = live.one(capacity=1)
    live.enroll([live.person(ANN)], (training, session))
    live.send()
    before = live.world.dump("core")
    assert live.world.get(f"/rsvp/{live.token(ANN)}").status == 200
    assert live.world.dump("core") == before
    assert live.world.get("/rsvp/0123456789abcdefghjkmnpqrs").status == 404
    assert live.world.submit("/rsvp/0123456789abcdefghjkmnpqrs", {"answer": "confirm"}).status == 404
    assert live.world.submit(f"/rsvp/{live.token(ANN)}", {"answer": "maybe"}).status == 422
    assert live.answer(ANN, "decline").status == 303
    assert live.read(training, session)["num_taken"] == 0
    assert "You're not coming" in live.world.get(f"/rsvp/{live.token(ANN)}").text
    assert live.answer(ANN, "confirm").status == 303
    assert live.read(training, session)["num_taken"] == 1


def test_a_button_leads_to_a_page_that_can_be_reloaded(live: LiveTrainings) -> None:
    """POST, then an address of its own: reloading it, going back to it or opening it elsewhere answers nothing."""
    training, session = live.one(capacity=1)
    live.enroll([live.person(ANN)], (training, session))
    live.send()
    path = f"/rsvp/{live.token(ANN)}"
    for word, says in (("confirm", "You're coming"), ("decline", "You're not coming"), ("decline", "not coming")):
        answer = live.answer(ANN, word)
        assert (answer.status, answer.headers["location"], answer.text) == (303, root() + path, "")
        before = live.world.dump("core")
        assert says in live.world.get(path).text
        assert live.world.dump("core") == before


def test_after_the_start_nothing_is_answered(live: LiveTrainings) -> None:
    live.enroll([live.person(ANN)], live.one())
    live.send()
    live.driver.until("2027-02-01T08:00")
    refused = live.answer(ANN, "confirm")
    assert (refused.status, "has started" in refused.text) == (409, True)
