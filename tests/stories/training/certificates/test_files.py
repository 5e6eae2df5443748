"""L1: a certificate as PDF, made when its holder asks for it."""

import io
import urllib.request
from datetime import timedelta
from typing import Any

import pypdf
import pytest

from tests import functions
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.training.certificates.holders import Holder, holder


def _ask(driver: Driver, one: Holder) -> Answer:
    return driver.world.get(f"/me/certificates/{one.certificate['certificate_id']}/file", one.account)


def _text(answer: Answer) -> str:
    assert answer.json["status"] == "ready"
    assert "X-Amz-Expires=900&" in answer.json["url"]
    with urllib.request.urlopen(answer.json["url"]) as file:
        (page,) = pypdf.PdfReader(io.BytesIO(file.read())).pages
    return page.extract_text()


def test_the_file_is_made_when_it_is_asked_for(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="Zoë", last_name="Müller", certificate_months=12)
    first = _ask(driver, one)
    assert first.status == 202, first.text
    assert (first.status, first.json["status"], first.json["url"]) == (202, "being_made", None)
    assert first.headers["retry-after"] == "2"
    driver.work()
    ready = _ask(driver, one)
    assert ready.status == 200
    text = _text(ready)
    for printed in ("Zoë Müller", "Spotting Phishing", "Acme Industries", "4 January 2027", "4 January 2028"):
        assert printed in text
    assert one.certificate["number"] in text
    assert one.certificate["check_url"] in text
    assert world.messages() == []


def test_who_asks_again_while_it_is_made_starts_nothing_more(world: World, driver: Driver) -> None:
    one = holder(driver)
    _ask(driver, one)
    assert len(world.messages()) == 1
    assert _ask(driver, one).json["status"] == "being_made"
    assert world.messages() == []
    # The message was lost: the sweep finds the job.
    driver.past_grace()
    world.now += timedelta(minutes=10)
    assert driver.sweep() == 1
    assert _ask(driver, one).status == 200


def test_a_file_that_the_bucket_deletes_is_made_again(world: World, driver: Driver) -> None:
    one = holder(driver)
    _ask(driver, one)
    driver.work()
    world.now += timedelta(days=28)
    assert _ask(driver, one).status == 202
    driver.work()
    assert _ask(driver, one).status == 200


def test_a_letter_that_no_font_has_is_refused_and_queued(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = holder(driver, first_name="\u16a0\u16a2", last_name="Rune")
    _ask(driver, one)
    driver.work()
    waiting = _ask(driver, one)
    assert (waiting.status, waiting.json["status"], waiting.json["code"]) == (202, "waiting", "no_glyph")
    assert "a character that we can't print yet" in waiting.json["explanation"]
    # The certificate counts all the same.
    assert world.get(f"/certificates/{one.certificate['number']}").status == 200

    # The next midnight comes, and with it a font.
    driver.until("2027-01-05T00:03")
    made: list[Any] = []

    def typeset(facts: Any) -> dict[str, str]:
        made.append(facts["holder"])
        return {"pdf": "JVBERg=="}

    monkeypatch.setitem(functions._FUNCTIONS, "certificates", typeset)
    assert driver.sweep() == 1
    assert made == ["\u16a0\u16a2 Rune"]
    assert _ask(driver, one).status == 200
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_asking_often_for_what_waits_leaves_one_job(world: World, driver: Driver) -> None:
    one = holder(driver, first_name="\u16a0", last_name="Rune")
    for _ in range(3):
        _ask(driver, one)
        driver.work()
        world.now += timedelta(minutes=6)
    assert len([item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]) == 1


def test_a_dead_letter_waits_for_the_next_day(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    one = holder(driver)
    _ask(driver, one)
    (message,) = world.messages()
    driver.handle_dead_letter(message)
    world.now += timedelta(minutes=1)
    assert _ask(driver, one).json["code"] == "not_made"
    driver.until("2027-01-05T00:03")
    driver.sweep()
    assert _ask(driver, one).status == 200


def test_the_file_is_its_holder_s(world: World, driver: Driver) -> None:
    one = holder(driver)
    path = f"/me/certificates/{one.certificate['certificate_id']}/file"
    assert world.get(path, world.account()).status == 404
    mine = one.certificate["certificate_id"]
    for wrong in ("nonsense", "own.x.y", mine[:-1] + ("1" if mine.endswith("0") else "0")):
        assert world.get(f"/me/certificates/{wrong}/file", one.account).status == 404


def test_a_certificate_of_ones_own_course_has_a_file(world: World, driver: Driver) -> None:
    course = world.course(driver.msp, "Passwords", certificate=True, self_enroll=True)
    account = world.account("kim@example.com")
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    world.post(f"/me/courses/{taken}/complete", account)
    (certificate,) = world.every("/me/certificates", account)
    path = f"/me/certificates/{certificate['certificate_id']}/file"
    assert world.get(path, account).status == 202
    driver.work()
    assert "Northwind Managed IT" in _text(world.get(path, account))
