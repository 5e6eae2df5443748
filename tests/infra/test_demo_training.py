"""What `make run` shows inside one organization: a department is enrolled, and two people are explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from infra.caller import Caller
from infra.demo_training import DemoTraining
from tests.harness import World
from tests.stories.driver import Driver


@dataclass(frozen=True, kw_only=True)
class InProcess(Caller):
    """Who calls the application in this process, whose jobs run between two requests."""

    driver: Driver
    account: str

    def _send(self, method: str, path: str, body: bytes | None = None, more: Mapping[str, str] | None = None) -> Any:
        self.driver.work()
        headers = {"Content-Type": "application/json", **(more or {})} if body else {}
        answer = self.driver.world.request(method, path, as_=self.account, raw=body, headers=headers)
        assert answer.status in (200, 202), answer.text
        return answer.json


def test_a_department_is_enrolled_and_two_people_are_explained(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    driver = Driver(world)
    course = world.course(driver.msp)
    org = driver.clients(course, "Alderquay Logistics")[0]
    operations, legal = world.department(org, "Operations"), world.department(org, "Legal")
    world.member(org, department_id=world.department(org, "Night Shift", operations), first_name="Ann", last_name="Lee")
    world.member(org, department_id=legal, first_name="Bob", last_name="Ray")
    DemoTraining(InProcess(api_url="", driver=driver, account=world.org_admin(org)), org).run()
    told = capsys.readouterr().out
    assert "for Operations and all below it" in told
    assert "Launched  enrolled: 1 enrolled, 0 failed" in told
    assert "Why       Ann Lee: Enrolled by “Operations 1”." in told
    assert "Why not   Bob Ray, Legal: “Operations 1” was for departments that this person was not in." in told, told
