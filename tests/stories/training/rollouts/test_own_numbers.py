"""O9: an undo's numbers and a reminder's ten minutes are of one's own people."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.core.settings import settings
from chalicelib.training.batches import visibility
from tests.faults.invariants import problems
from tests.stories.driver import Driver
from tests.stories.firm import Firm
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser


@pytest.fixture
def firm(driver: Driver, course: str) -> Firm:
    return Firm(driver, course)


@pytest.fixture
def mailbox(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    mailbox = Mailbox(firm.world)
    monkeypatch.setenv("MAIL_FROM", mailbox.sender)
    settings.cache_clear()
    return mailbox


# ---------------------------------------------------------------- undo


def _start(firm: Firm, account: str, member: str) -> None:
    assert firm.world.post(f"/me/courses/{firm.org}.{member}.{firm.course}/start", account).status == 200


def test_an_undo_s_numbers_are_of_one_s_own_people(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    started = [firm.world.learner(firm.org, department_id=department) for department in (firm.sales, firm.north)]
    batch = firm.launch(firm.head)
    for account, member in started:
        _start(firm, account, member)
    path = firm.path(f"/{batch}/undo")
    asked = firm.world.post(path, firm.boss)
    assert (asked.json["reversed"], asked.json["kept_started"]) == (0, 0)
    waiting = firm.world.get(path, firm.head).json
    assert (waiting["status"], waiting["reversed"], waiting["kept_started"]) == ("running", 0, 0)
    firm.driver.past_grace()
    firm.driver.work()
    for as_ in (firm.boss, firm.head):
        state = firm.world.get(path, as_).json
        assert (state["status"], state["reversed"], state["kept_started"]) == ("done", 4, 2)
    moved = firm.world.patch(f"/orgs/{firm.org}/departments/{firm.north}", firm.boss, {"parent_id": firm.legal})
    assert moved.status == 200
    own, of_all = (firm.world.get(path, as_).json for as_ in (firm.head, firm.boss))
    assert (own["reversed"], own["kept_started"], own["moved_away"]) == (2, 1, None)
    assert (of_all["reversed"], of_all["kept_started"], of_all["moved_away"]) == (4, 2, None)
    monkeypatch.setattr(visibility, "MAX_COUNTED", 3)
    many = firm.world.get(path, firm.head).json
    assert (many["reversed"], many["kept_started"]) == (None, None)


def test_a_limited_undo_says_that_who_moved_away_stays(firm: Firm) -> None:
    batch = firm.launch(firm.head)
    for member in (firm.in_sales[0], firm.in_north[0]):
        firm.move(member, firm.legal)
    path = firm.path(f"/{batch}/undo")
    assert firm.world.post(path, firm.head).status == 202
    firm.driver.past_grace()
    while messages := firm.world.messages():
        firm.driver.deliver(messages)
        firm.driver.deliver(messages)
    told = firm.world.get(path, firm.boss).json
    assert (told["reversed"], told["moved_away"]["number"]) == (2, 2)
    assert told["moved_away"]["sentence"] == (
        "People who had moved to other departments stay enrolled. "
        "An organization admin can undo the batch for them, too, or cancel the course on each person's page."
    )
    of_head = firm.world.get(path, firm.head).json
    assert (of_head["reversed"], of_head["moved_away"]) == (2, {**told["moved_away"], "number": None})
    page = firm.world.get(f"/msp/training/{firm.org}/{batch}/undo", firm.driver.admin).json
    assert page["moved_away"]["number"] == 2
    assert problems(firm.world) == []
    # On the pages, too, where nothing is a number that is not known.
    limited, free = (Browser(firm.world).has_session_of(one).open(path[:-5]) for one in (firm.head, firm.boss))
    assert "2 withdrawn. People who had moved to other departments stay enrolled." in limited.text
    assert "Undo for them, too" not in limited.text
    assert "2 had moved to another department" in free.text
    assert "Undo for them, too" in free.text


def test_whom_a_limited_undo_left_an_admin_of_everybody_withdraws_as_well(firm: Firm) -> None:
    account, started = firm.world.learner(firm.org, department_id=firm.north)
    batch = firm.launch(firm.head)
    _start(firm, account, started)
    for member in (firm.in_sales[0], started):
        firm.move(member, firm.legal)
    path = firm.path(f"/{batch}/undo")
    assert firm.world.post(path, firm.head).status == 202
    firm.driver.past_grace()
    firm.driver.work()
    # Its own admin cannot go on: those who left are not theirs any more.
    assert firm.world.post(path, firm.head).status == 202
    assert not firm.world.messages()
    before = firm.world.get(path, firm.boss).json
    assert (before["reversed"], before["kept_started"], before["moved_away"]["number"]) == (3, 0, 1)
    for _ in range(2):
        assert firm.world.post(path, firm.boss).json["status"] == "running"
    while messages := firm.world.messages():
        firm.driver.deliver(messages)
        firm.driver.deliver(messages)
    assert not firm.world.messages()
    told = firm.world.get(path, firm.boss).json
    assert (told["status"], told["reversed"], told["kept_started"], told["moved_away"]) == ("done", 4, 1, None)
    assert firm.world.post(path, firm.boss).json == told
    firm.driver.work()
    (row,) = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"]
    assert (row["num_enrolled"], row["num_withdrawn"]) == (1, 4)
    assert problems(firm.world) == []
    # Who moved away was undone, and is not the head's to count; who started keeps it.
    assert firm.world.get(path, firm.head).json["reversed"] == 3


# ---------------------------------------------------------------- reminders


def _remind(firm: Firm, batch: str, as_: str) -> None:
    answer = firm.world.post(firm.path(f"/{batch}/courses/{firm.course}/remind"), as_)
    assert answer.status == 202, answer.text


def _mailed(firm: Firm, mailbox: Mailbox) -> Counter[str]:
    """How many mails each has, by member id."""
    mailbox.send()
    everybody = [*firm.in_sales, *firm.in_north]
    emails = {firm.world.get(f"/orgs/{firm.org}/members/{one}", firm.boss).json["email"]: one for one in everybody}
    return Counter(emails[mail["To"][0]] for mail in mailbox.mails())


@pytest.mark.parametrize("order", ["as they came", "the later one first", "twice each"])
def test_a_reminder_for_all_right_after_a_limited_one_is_for_those_who_got_none(
    firm: Firm, mailbox: Mailbox, order: str
) -> None:
    batch = firm.launch(firm.head)
    gone, *others = [firm.in_sales[0], firm.in_sales[1], *firm.in_north]
    firm.move(gone, firm.legal)
    _remind(firm, batch, firm.head)
    firm.world.now += timedelta(minutes=1)
    _remind(firm, batch, firm.boss)
    messages = firm.world.messages()
    assert [message["job"] for message in messages] == ["mail_row", "mail_row"]
    for message in reversed(messages) if order == "the later one first" else messages:
        firm.driver.deliver([message])
        if order == "twice each":
            firm.driver.deliver([message])
    assert _mailed(firm, mailbox) == Counter([gone, *others])
    # The mails are known on each person's page, whichever request made them.
    for member in (gone, others[0]):
        listed = firm.world.every(f"/orgs/{firm.org}/members/{member}/mails", firm.boss)
        assert [one["kind"] for one in listed].count("reminder") == 1
    # Everybody was reminded: who is limited asks in vain for ten minutes, and then no more.
    firm.world.now += timedelta(minutes=9)
    _remind(firm, batch, firm.head)
    _remind(firm, batch, firm.boss)
    firm.driver.work()
    assert sum(_mailed(firm, mailbox).values()) == 4
    firm.world.now += timedelta(minutes=2)
    _remind(firm, batch, firm.head)
    firm.driver.work()
    assert _mailed(firm, mailbox) == Counter({gone: 1, **dict.fromkeys(others, 2)})


def test_pressing_twice_is_one_wish(firm: Firm, mailbox: Mailbox) -> None:
    batch = firm.launch(firm.head)
    for _ in range(2):
        _remind(firm, batch, firm.head)
    (message,) = firm.world.messages()
    firm.driver.deliver([message])
    assert _mailed(firm, mailbox) == Counter([*firm.in_sales, *firm.in_north])
