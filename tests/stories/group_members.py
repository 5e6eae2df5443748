"""One client with groups that have courses, and members who join them, are archived, and become active again."""

from collections.abc import Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.jobs import due, queue
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members.events import member_joined
from chalicelib.training.auto_enrollment.models import group_batch_id
from tests.faults.invariants import problems
from tests.harness import World
from tests.stories.driver import Driver


class Client:
    """One client with one course, its groups, and members who join them as if they accepted an invitation."""

    def __init__(self, driver: Driver, course: str) -> None:
        self.driver, self.course = driver, course
        self.world: World = driver.world
        self.org = self.world.org(driver.msp, courses=[course])

    def group(self, *courses: str) -> str:
        return self.world.group(self.org, courses=courses or [self.course])

    def joins(self, member: str, groups: Sequence[str] | None = None) -> None:
        """The member accepted, or was added to these groups; the jobs that follow are run."""
        job = member_joined(self.driver.msp, self.org, member, self.world.now, groups)
        table.transact([due.write(job)])
        queue.send_soon(job)
        self.driver.work()

    def somebody(self, *groups: str, **fields: Any) -> str:
        member = self.world.member(self.org, groups, **fields)
        self.joins(member)
        return member

    def batch(self, group: str, number: int = 0) -> str:
        return group_batch_id(group, number)

    def row(self, group: str, course: str | None = None, number: int = 0) -> dict[str, Any]:
        return self.driver.row(self.org, self.batch(group, number), course or self.course)

    def numbers(self, group: str, course: str | None = None) -> tuple[str, int, int, int, int, int]:
        """Status, targeted, enrolled, already enrolled, skipped, failed."""
        row = self.row(group, course)
        names = ("targeted", "enrolled", "already_enrolled", "skipped", "failed")
        return row["status"], *(row[f"num_{name}"] for name in names)  # type: ignore[return-value]

    def outcomes(self, group: str, course: str | None = None) -> dict[str, str]:
        """By member, from the page of the row's learners: the code, or the outcome without one."""
        found = self.driver.learners(self.org, self.batch(group), course or self.course)
        assert len({one["member_id"] for one in found}) == len(found)
        return {one["member_id"]: one["code"] or one["outcome"] for one in found}

    def change_group(self, group: str, **changes: Any) -> None:
        answer = self.world.patch(f"/orgs/{self.org}/groups/{group}", self.driver.admin, changes)
        assert answer.status == 200, answer.text
        self.driver.work()

    def seats(self, number: int) -> None:
        body = {"course_ids": [self.course], "reply_to": "training@acme.example", "seats": {self.course: number}}
        path = f"/msp/organizations/{self.org}/training-access"
        assert self.world.put(path, self.driver.admin, body).status == 200

    def retry(self, group: str, key: str = "retry") -> int:
        answer = self.driver.retry(self.org, self.batch(group), self.course, key)
        self.driver.work()
        return answer.status

    def settle(self) -> None:
        """Sweep when no worker can be left that was at work before."""
        self.world.now += MAX_RUN_TIME
        self.driver.past_grace()
        self.driver.sweep()

    def quiet(self) -> None:
        assert problems(self.world) == []
