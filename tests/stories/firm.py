"""An organization with departments and their admins, and its own wizard."""

from collections.abc import Mapping
from typing import Any

from tests.gateway import Answer
from tests.stories.driver import Driver

LATER = "2027-02-01"
THEN = "2027-02-01T12:00:00"


class Firm:
    """Sales with North below it, and Legal beside; two people in each, and one nowhere. `head` heads Sales."""

    def __init__(self, driver: Driver, course: str) -> None:
        self.driver, self.world, self.course = driver, driver.world, course
        self.org = driver.clients(course, "Acme Industries")[0]
        self.boss = self.world.org_admin(self.org, self.world.account("boss@example.com"))
        self.sales, self.legal = (self.world.department(self.org, name) for name in ("Sales", "Legal"))
        self.north = self.world.department(self.org, "North", self.sales)
        self.head = self.head_of(self.sales)
        self.group = self.world.group(self.org, "Finance")
        self.in_sales, self.in_north, self.in_legal = (
            [self.world.member(self.org, groups, department_id=department) for groups in ([], [self.group])]
            for department in (self.sales, self.north, self.legal)
        )
        self.nowhere = self.world.member(self.org)
        self._num_keys = 0

    def head_of(self, *department_ids: str) -> str:
        return self.world.org_admin(self.org, role="department_admin", department_ids=list(department_ids))

    def path(self, rest: str = "") -> str:
        return f"/orgs/{self.org}/training{rest}"

    def form(self, mode: str = "all", course: Mapping[str, Any] | None = None, **targeting: Any) -> dict[str, Any]:
        chosen = {"course_id": self.course, **(course or {})}
        return {"name": "Q1", "courses": [chosen], "targeting": {"mode": mode, **targeting}}

    def send(self, as_: str, form: Mapping[str, Any], key: str | None = None) -> Answer:
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"key {self._num_keys}"}
        return self.world.post(self.path("/enrollment"), as_, dict(form), headers=headers)

    def launch(self, as_: str, mode: str = "all", course: Mapping[str, Any] | None = None, **targeting: Any) -> str:
        answer = self.send(as_, self.form(mode, course, **targeting))
        assert answer.status == 202, answer.text
        self.driver.work()
        (result,) = answer.json["results"]
        assert result["ok"], answer.text
        return str(result["batch_id"])

    def enrolled(self) -> set[str]:
        return self.driver.enrolled(self.org, self.course)

    def move(self, member: str, department: str | None) -> None:
        answer = self.world.patch(f"/orgs/{self.org}/members/{member}", self.boss, {"department_id": department})
        assert answer.status == 200, answer.text

    def batches(self, as_: str) -> dict[str, str]:
        return {one["batch_id"]: one["launched_by"] for one in self.world.every(self.path(), as_)}

    def preview(self, as_: str, form: Mapping[str, Any]) -> dict[str, Any]:
        requested = self.world.post(self.path("/preview"), as_, dict(form))
        assert requested.status == 202, requested.text
        self.driver.work()
        return dict(self.world.get(self.path(f"/preview/{requested.json['plan_id']}"), as_).json)
