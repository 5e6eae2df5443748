"""R13, R15: the mails about a rollout that learners and admins get, and those that they do not get."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.jobs import due, queue
from chalicelib.jobs.due import REQUEUE_DELAY
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.course_mails import store as course_mail_store
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser

ENROLLMENT = {"notifications": {"enrollment": True, "reminders": False}}
REMINDERS = {"notifications": {"enrollment": False, "reminders": True}}
DUE = "2027-02-15"


class Client:
    """One client with three learners, one of whom has no address."""

    def __init__(self, driver: Driver) -> None:
        world = driver.world
        self.course = world.course(driver.msp, "Spotting Phishing")
        self.org = world.org(driver.msp, "Acme Industries", courses=[self.course], reply_to="training@acme.example")
        self.ann, self.ann_id = world.learner(self.org, email="ann@example.com", first_name="Ann")
        self.bob, self.bob_id = world.learner(self.org, email="bob@example.com", first_name="Bob")
        self.unreachable = world.member(self.org, email=None, login_name="desk-7")


@pytest.fixture
def client(driver: Driver) -> Client:
    return Client(driver)


def sweep(driver: Driver, mailbox: Mailbox) -> None:
    """Let two minutes pass, the sweep find what is due, and the mailer send it."""
    driver.past_grace()
    driver.sweep()
    mailbox.send()


def at(driver: Driver, mailbox: Mailbox, text: str) -> Counter[str]:
    """What is sent when this instant comes: addresses and subjects."""
    before = subjects(mailbox)
    driver.until(text)
    sweep(driver, mailbox)
    return subjects(mailbox) - before


def subjects(mailbox: Mailbox) -> Counter[str]:
    return Counter(f"{mail['To'][0]}: {mail['Subject']}" for mail in mailbox.mails())


def complete(driver: Driver, account: str, client: Client, member: str) -> None:
    path = f"/me/courses/{client.org}.{member}.{client.course}/complete"
    assert driver.world.post(path, account).status == 200


def test_with_both_switches_off_nobody_hears_anything(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}])
    for text in ("2027-01-05T00:00", "2027-02-08T12:00", "2027-02-14T12:00", "2027-02-16T12:00"):
        at(driver, mailbox, text)
    assert mailbox.items() == []


def test_each_learner_with_an_address_gets_one_mail_about_the_enrollment(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}], **ENROLLMENT)
    for _ in range(3):
        sweep(driver, mailbox)
    assert subjects(mailbox) == Counter(
        {
            "ann@example.com: Spotting Phishing: you are enrolled": 1,
            "bob@example.com: Spotting Phishing: you are enrolled": 1,
        }
    )
    mail = next(mail for mail in mailbox.mails() if mail["To"] == ["ann@example.com"])
    assert "Hi Ann," in mail["BodyText"]
    assert "by 15 February 2027" in mail["BodyText"]
    reasons = {item["about"].split('"member_id": "')[1][:26]: item.get("reason") for item in mailbox.items()}
    assert reasons == {client.ann_id: None, client.bob_id: None, client.unreachable: "no_address"}
    assert not [item for item in driver.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_messages_that_come_twice_mail_nobody_twice(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    driver.send(driver.form([client.org], [client.course], **ENROLLMENT))
    messages: list[Any] = []
    while [message["job"] for message in messages] != ["mail_row"]:
        driver.deliver(messages)
        messages = driver.world.messages()
    for _ in range(3):
        driver.deliver(messages)
        mailbox.send()
    assert mailbox.to() == ["ann@example.com", "bob@example.com"]


def test_a_message_that_was_lost_is_sent_by_the_sweep(
    driver: Driver, client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "send_soon", lambda *jobs: None)
    driver.launch(client.org, [client.course], **ENROLLMENT)
    mailbox.send()
    assert mailbox.to() == []
    driver.world.now += REQUEUE_DELAY
    driver.sweep()
    mailbox.send()
    assert mailbox.to() == ["ann@example.com", "bob@example.com"]


def test_a_retry_tells_only_those_whom_it_enrolled(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    from tests.stories.driver import refused

    with refused(client.bob_id):
        batch = driver.launch(client.org, [client.course], **ENROLLMENT)[0]
    sweep(driver, mailbox)
    assert mailbox.to() == ["ann@example.com"]
    assert driver.retry(client.org, batch, client.course).status == 202
    driver.work()
    sweep(driver, mailbox)
    assert mailbox.to() == ["ann@example.com", "bob@example.com"]


def test_who_completed_before_the_mail_goes_gets_none(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    driver.launch(client.org, [client.course], **ENROLLMENT)
    driver.past_grace()
    driver.sweep()
    complete(driver, client.ann, client, client.ann_id)
    mailbox.send()
    assert mailbox.to() == ["bob@example.com"]


def test_reminders_come_a_week_before_the_day_before_and_the_day_after_at_the_hour_of_the_client(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}], **REMINDERS)
    assert not at(driver, mailbox, "2027-01-05T12:00")
    assert not at(driver, mailbox, "2027-02-08T07:55")
    assert at(driver, mailbox, "2027-02-08T08:00") == Counter(
        {
            "ann@example.com: Spotting Phishing: a week left": 1,
            "bob@example.com: Spotting Phishing: a week left": 1,
        }
    )
    complete(driver, client.ann, client, client.ann_id)
    assert at(driver, mailbox, "2027-02-14T08:00") == Counter({"bob@example.com: Spotting Phishing: due tomorrow": 1})
    assert at(driver, mailbox, "2027-02-16T08:00") == Counter({"bob@example.com: Spotting Phishing: overdue": 1})
    assert not at(driver, mailbox, "2027-02-20T08:00")


def test_a_reminder_that_an_outage_delayed_past_its_day_is_left_out(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}], **REMINDERS)
    at(driver, mailbox, "2027-01-05T12:00")
    assert at(driver, mailbox, "2027-02-15T08:00") == Counter()
    assert sum(at(driver, mailbox, "2027-02-16T08:00").values()) == 2


def test_who_is_due_in_three_days_gets_no_mail_a_week_before(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": "2027-01-07"}], **REMINDERS)
    found = at(driver, mailbox, "2027-01-05T12:00") + at(driver, mailbox, "2027-01-06T08:00")
    assert {text.split(": ")[2] for text in found} == {"due tomorrow"}


def test_a_new_due_date_brings_its_own_reminders_and_silences_the_old_ones(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    batch = driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}], **REMINDERS)[0]
    at(driver, mailbox, "2027-01-05T12:00")
    path = f"/msp/training/{client.org}/{batch}/courses/{client.course}"
    assert driver.world.patch(path, driver.admin, {"due_by": "2027-03-15"}).status == 200
    driver.work()
    sweep(driver, mailbox)
    assert not at(driver, mailbox, "2027-02-08T08:00")
    assert sum(at(driver, mailbox, "2027-03-08T08:00").values()) == 2


def _give_ann(driver: Driver, client: Client, due_by: str) -> None:
    path = f"/orgs/{client.org}/members/{client.ann_id}/enrollments/{client.org}.{client.ann_id}.{client.course}"
    assert driver.world.patch(path, driver.admin, {"due_by": due_by}).status == 200


def test_a_due_date_of_ones_own_brings_reminders_to_that_learner_alone(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": "2027-02-01"}], **REMINDERS)
    # The first of them stands for a moment only.
    _give_ann(driver, client, "2027-02-20")
    _give_ann(driver, client, "2027-03-01")
    assert at(driver, mailbox, "2027-01-25T08:00") == Counter({"bob@example.com: Spotting Phishing: a week left": 1})
    for text in ("2027-01-31T08:00", "2027-02-02T08:00"):
        assert [line[:3] for line in at(driver, mailbox, text)] == ["bob"]
    for text in ("2027-02-13T08:00", "2027-02-19T08:00", "2027-02-21T08:00"):
        assert not at(driver, mailbox, text)
    received = [at(driver, mailbox, text) for text in ("2027-02-22T08:00", "2027-02-28T08:00", "2027-03-02T08:00")]
    assert received == [
        Counter({"ann@example.com: Spotting Phishing: a week left": 1}),
        Counter({"ann@example.com: Spotting Phishing: due tomorrow": 1}),
        Counter({"ann@example.com: Spotting Phishing: overdue": 1}),
    ]


def test_who_has_alone_the_date_that_all_get_later_is_reminded_once(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    batch = driver.launch(client.org, [{"course_id": client.course, "due_by": "2027-02-01"}], **REMINDERS)[0]
    _give_ann(driver, client, "2027-03-01")
    path = f"/msp/training/{client.org}/{batch}/courses/{client.course}"
    assert driver.world.patch(path, driver.admin, {"due_by": "2027-03-01"}).status == 200
    driver.work()
    sweep(driver, mailbox)
    assert at(driver, mailbox, "2027-02-22T08:00") == Counter(
        {
            "ann@example.com: Spotting Phishing: a week left": 1,
            "bob@example.com: Spotting Phishing: a week left": 1,
        }
    )


def test_a_due_date_of_ones_own_brings_no_reminders_where_the_switch_is_off(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.launch(client.org, [{"course_id": client.course, "due_by": "2027-02-01"}], **ENROLLMENT)
    _give_ann(driver, client, "2027-03-01")
    sweep(driver, mailbox)
    assert not at(driver, mailbox, "2027-02-22T08:00")


def remind(driver: Driver, client: Client, batch: str, key: str = "remind", **more: Any) -> Any:
    path = f"/msp/training/{client.org}/{batch}/courses/{client.course}/remind"
    return driver.world.post(path, driver.admin, headers={"Idempotency-Key": key}, **more)


def test_remind_now_mails_those_who_have_not_completed_once_a_request(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    batch = driver.launch(client.org, [client.course])[0]
    complete(driver, client.ann, client, client.ann_id)
    first = remind(driver, client, batch)
    assert (first.status, first.json["num_not_completed"]) == (202, 2)
    assert remind(driver, client, batch).json == first.json
    driver.work()
    mailbox.send()
    sweep(driver, mailbox)
    assert subjects(mailbox) == Counter({"bob@example.com: Spotting Phishing: a reminder": 1})
    driver.world.now += timedelta(minutes=10)
    remind(driver, client, batch, "again")
    driver.work()
    mailbox.send()
    assert mailbox.to() == ["bob@example.com", "bob@example.com"]


def test_remind_pressed_twice_within_ten_minutes_mails_once(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    """Issue 10, 22: each press comes with a key of its own, from two tabs or two admins."""
    batch = driver.launch(client.org, [client.course])[0]
    first = remind(driver, client, batch, "first press")
    driver.world.now += timedelta(minutes=9)
    second = remind(driver, client, batch, "second press")
    assert (second.status, second.json) == (202, first.json)
    driver.work()
    sweep(driver, mailbox)
    assert sorted(mailbox.to()) == ["ann@example.com", "bob@example.com"]


def test_of_two_presses_at_the_same_moment_one_mails(
    driver: Driver, client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = driver.launch(client.org, [client.course])[0]
    writes = course_mail_store.remind_writes

    def press_between(*given: Any) -> Any:
        monkeypatch.setattr(course_mail_store, "remind_writes", writes)
        assert remind(driver, client, batch, "the other").status == 202
        return writes(*given)

    monkeypatch.setattr(course_mail_store, "remind_writes", press_between)
    assert remind(driver, client, batch, "the one").status == 202
    driver.work()
    sweep(driver, mailbox)
    assert sorted(mailbox.to()) == ["ann@example.com", "bob@example.com"]


def test_there_must_be_somebody_to_remind(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    batch = driver.launch(client.org, [{"course_id": client.course, "enroll_on": "2027-03-01"}])[0]
    answer = remind(driver, client, batch)
    assert (answer.status, answer.json["code"]) == (409, "nobody_to_remind")
    unknown = driver.world.post(f"/msp/training/{client.org}/{batch}/courses/nothing/remind", driver.admin)
    assert unknown.status == 404


def test_the_admin_who_launched_gets_a_mail_about_a_scheduled_part_that_fails(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    driver.world._email_by_account[driver.admin] = "boss@example.com"
    lacking = driver.world.course(driver.msp, "Safe Passwords")
    courses = [{"course_id": client.course}, {"course_id": lacking, "enroll_on": "2027-02-01"}]
    driver.launch(client.org, courses)
    sweep(driver, mailbox)
    assert mailbox.items() == []
    driver.until("2027-02-01T08:00")
    driver.fire()
    for _ in range(2):
        sweep(driver, mailbox)
    mails = mailbox.mails()
    assert [mail["Subject"] for mail in mails] == ["Acme Industries: not everyone could be enrolled in Safe Passwords"]
    assert "does not have this course enabled" in mails[0]["BodyText"]
    # Issue 10, 22: nobody was tried.
    assert "0 enrolled" not in mails[0]["BodyText"] + mails[0]["BodyHtml"]
    # Issue 10, 13: its link leads to the batch, not to where one looks for it.
    page = Browser(driver.world).has_session_of(driver.admin).open(_link(mails[0]))
    assert (page.status, "Safe Passwords" in page.text) == (200, True)


def _link(mail: dict[str, str]) -> str:
    found = re.search(r"https://muster\.example/dev(/portal/\S+)", mail["BodyText"])
    assert found
    return found[1].removeprefix("/portal")


def test_an_organizations_admin_is_led_to_the_batch_among_its_own_pages(
    driver: Driver, client: Client, mailbox: Mailbox
) -> None:
    world = driver.world
    admin = world.org_admin(client.org)
    body = {"name": "Ours", "courses": [{"course_id": client.course, "enroll_on": "2027-02-01"}]}
    made = world.post(f"/orgs/{client.org}/training/enrollment", admin, body, headers={"Idempotency-Key": "k"})
    assert made.status == 202, made.text
    driver.work()
    access = {"course_ids": [world.course(driver.msp, "Another")], "reply_to": "it@acme.example"}
    assert world.put(f"/msp/organizations/{client.org}/training-access", driver.admin, access).status == 200
    driver.until("2027-02-01T08:00")
    driver.fire()
    sweep(driver, mailbox)
    (mail,) = mailbox.mails()
    page = Browser(world).has_session_of(admin).open(_link(mail))
    assert (page.status, page.heading) == (200, "Ours")


def test_what_fails_at_once_fails_before_the_admins_eyes(driver: Driver, client: Client, mailbox: Mailbox) -> None:
    lacking = driver.world.course(driver.msp, "Safe Passwords")
    driver.launch(client.org, [lacking])
    sweep(driver, mailbox)
    assert mailbox.items() == []


def test_what_became_of_each_mail_to_a_person_can_be_read(
    world: World, driver: Driver, mailbox: Mailbox, client: Client
) -> None:
    course = {"course_id": client.course, "due_by": DUE}
    driver.launch(client.org, [course], notifications={"enrollment": True, "reminders": True})
    mails = f"/orgs/{client.org}/members/{client.ann_id}/mails"
    assert [one["state"] for one in world.every(mails, driver.admin)] == ["queued"]
    sweep(driver, mailbox)
    (mail,) = world.every(mails, driver.admin)
    assert (mail["kind"], mail["course_id"], mail["state"]) == ("enrolled", client.course, "sent")
    mailbox.deliver_events()
    assert [one["state"] for one in world.every(mails, driver.admin)] == ["delivered"]
    at(driver, mailbox, "2027-02-08T09:00:00")
    kinds = [one["kind"] for one in world.every(mails, driver.admin)]
    assert kinds == ["due_in_7_days", "enrolled"]
    (withheld,) = world.every(f"/orgs/{client.org}/members/{client.unreachable}/mails?limit=1", driver.admin)[1:]
    assert (withheld["state"], withheld["reason"]) == ("suppressed", "no_address")
    assert withheld["sentence"] == "Not sent: this person has no email address."
    # Issue 10, 22: it advised to send an invitation again.
    assert withheld["next_step"] == "Tell them yourself. They can add an address on their profile."


def test_reminders_that_admins_sent_are_among_the_mails_of_a_person(
    world: World, driver: Driver, mailbox: Mailbox, client: Client
) -> None:
    """Issue 10, 14: B6 is a list of every mail."""
    batch = driver.launch(client.org, [client.course])[0]
    for key in ("one", "two", "three"):
        driver.world.now += timedelta(minutes=11)
        remind(driver, client, batch, key)
        driver.work()
        sweep(driver, mailbox)
    mails = world.every(f"/orgs/{client.org}/members/{client.ann_id}/mails", driver.admin)
    assert [(one["kind"], one["state"]) for one in mails] == [("reminder", "sent")] * 3


def _due(driver: Driver, job: dict[str, Any]) -> None:
    """Write the job's due entry, as if somebody had written it down."""
    message = MailRow.model_validate(job)
    table.transact([due.write(message)])


@pytest.mark.parametrize(
    ("change", "reminders"),
    [
        ({"detail": "2027-01-02"}, True),
        ({}, False),
        ({"due_at": "2027-01-04T08:00:00Z"}, True),
        ({"due_at": None}, True),
        ({"event": "remind", "detail": "01REQUEST"}, True),
        ({"event": "dated", "detail": "2027-03-03"}, True),
    ],
    ids=["another date", "reminders off", "before its day", "not written down", "not asked for", "not the row's date"],
)
def test_a_message_that_claims_what_is_not_so_mails_nobody(
    driver: Driver, client: Client, mailbox: Mailbox, change: dict[str, Any], reminders: bool
) -> None:
    """Issue 10, 23: `overdue` with another date, before its day and with reminders off, mailed people."""
    switches = {"notifications": {"enrollment": False, "reminders": reminders}}
    batch = driver.launch(client.org, [{"course_id": client.course, "due_by": DUE}], **switches)[0]
    driver.past_grace()
    driver.sweep()
    before = len(driver.world.dump("outbox"))
    job = {
        "job": "mail_row", "msp_id": driver.msp, "org_id": client.org, "batch_id": batch, "course_id": client.course,
        "event": "overdue", "detail": DUE, "due_at": "2027-01-04T09:00:00Z", **change,
    }  # fmt: skip
    if job["due_at"]:
        _due(driver, job)
    driver.deliver([job])
    mailbox.send()
    assert mailbox.items() == []
    assert (
        len([item for item in driver.world.dump("outbox") if not item["sk"].startswith(str(job["due_at"]))]) == before
    )
