"""Walks over very many people, as Lambda treats chains of messages: it drops the one that would be the 17th in a row.

In small: three people for a message, which has 1,250 or 500 of them. Without `RecursiveLoop: Allow` for the functions
(infra/functions.yaml) the sweep takes up what was dropped; with it there is nothing to take up. Either way everybody is
served, and nobody is read twice.
"""

import json
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import worker
from chalicelib.jobs.due import REQUEUE_DELAY
from chalicelib.people.members import store as members_store
from chalicelib.training.auto_enrollment import enroll_group
from chalicelib.training.batches import enrollment_store, recipients
from chalicelib.training.course_mails import service as course_mails
from tests.harness import World
from tests.stories.driver import Driver

_MAX_HOPS = 16
_NUM_PEOPLE = 200
_PART = 3


class Lambda:
    """Runs the jobs queue. Of each message it knows the place in its chain, as the lineage header has it."""

    def __init__(self, driver: Driver, max_hops: int = _MAX_HOPS) -> None:
        self._driver = driver
        self._max_hops = max_hops
        self._waiting: deque[tuple[dict[str, Any], int]] = deque()
        self.num_dropped = 0

    def work_off(self) -> None:
        self._receive(1)
        while self._waiting:
            body, place = self._waiting.popleft()
            if place > self._max_hops:
                self.num_dropped += 1
            else:
                self._driver.deliver([body])
                self._receive(place + 1)

    def until_quiet(self) -> None:
        """With sweeps every ten minutes, while there is something that they take up."""
        num_before = -1
        while num_before != self.num_dropped:
            num_before = self.num_dropped
            self.work_off()
            self._driver.world.now += REQUEUE_DELAY + timedelta(minutes=1)
            worker.sweep(lambda: self._driver.world.now)
            self.work_off()

    def _receive(self, place: int) -> None:
        self._waiting += [(body, place) for body in self._driver.world.messages()]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_mails, "_PER_MESSAGE", _PART)
    monkeypatch.setattr(course_mails, "_PER_PAGE", _PART)
    monkeypatch.setattr(enroll_group, "_PER_PAGE", _PART)
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (_NUM_PEOPLE // 4,))


def _counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, key: Callable[[Any], str]) -> Counter[str]:
    """Whom pages of this query give, and how often."""
    seen: Counter[str] = Counter()
    query = getattr(module, name)

    def read(*args: Any) -> Any:
        page = query(*args)
        seen.update(key(item) for item in page.items)
        return page

    monkeypatch.setattr(module, name, read)
    return seen


def _mailed(world: World) -> Counter[str]:
    mails = [item for item in world.dump("outbox") if item["pk"].startswith("MAIL#")]
    return Counter(json.loads(mail["about"])["member_id"] for mail in mails)


@pytest.mark.parametrize("max_hops", [_MAX_HOPS, 1_000])
def test_the_mails_of_a_row_go_on_where_they_were_cut(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch, max_hops: int
) -> None:
    read = _counted(monkeypatch, enrollment_store, "learners_of_row", lambda item: str(item.pk))
    lambda_ = Lambda(driver, max_hops)
    org = world.org(driver.msp, courses=[course])
    people = world.members(org, _NUM_PEOPLE)
    switches = {"enrollment": True, "reminders": False}
    assert driver.send(driver.form([org], [course], notifications=switches)).status == 202
    lambda_.until_quiet()
    assert _mailed(world) == Counter(people)
    assert set(read.values()) == {1}
    assert (lambda_.num_dropped >= 3) == (max_hops == _MAX_HOPS)
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


@pytest.mark.parametrize("max_hops", [_MAX_HOPS, 1_000])
def test_a_group_s_members_get_its_courses_though_the_chain_is_cut(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch, max_hops: int
) -> None:
    lambda_ = Lambda(driver, max_hops)
    org = world.org(driver.msp, courses=[course])
    group = world.group(org, courses=[course])
    people = world.members(org, _NUM_PEOPLE, [group])
    read = _counted(monkeypatch, members_store, "roster", lambda item: str(item.sk))
    assert world.patch(f"/orgs/{org}/groups/{group}", driver.admin, {"apply_to_members": True}).status == 200
    lambda_.until_quiet()
    assert driver.enrolled(org, course) == set(people)
    assert set(read.values()) == {1}
    assert (lambda_.num_dropped >= 3) == (max_hops == _MAX_HOPS)
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_a_sweep_while_a_walk_is_under_way_starts_no_second_one(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _counted(monkeypatch, enrollment_store, "learners_of_row", lambda item: str(item.pk))
    org = world.org(driver.msp, courses=[course])
    people = world.members(org, _NUM_PEOPLE // 4)
    driver.send(driver.form([org], [course], notifications={"enrollment": True, "reminders": False}))
    while messages := world.messages():
        driver.deliver(messages)
        world.now += timedelta(minutes=5)
        worker.sweep(lambda: world.now)
    assert _mailed(world) == Counter(people)
    assert set(read.values()) == {1}


def test_a_message_that_comes_late_reads_nobody_again(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _counted(monkeypatch, enrollment_store, "learners_of_row", lambda item: str(item.pk))
    org = world.org(driver.msp, courses=[course])
    people = world.members(org, _NUM_PEOPLE // 4)
    driver.send(driver.form([org], [course], notifications={"enrollment": True, "reminders": False}))
    earlier: list[dict[str, Any]] = []
    while messages := world.messages():
        driver.deliver([*earlier, *messages])
        earlier = [message for message in messages if message["job"] == "mail_row"]
    assert _mailed(world) == Counter(people)
    assert set(read.values()) == {1}
