"""Somebody who completes a course that has a certificate."""

from dataclasses import dataclass
from typing import Any

from tests.stories.driver import Driver


@dataclass(frozen=True)
class Holder:
    org: str
    account: str
    member: str
    course: str
    certificate: dict[str, Any]


def holder(
    driver: Driver, org_name: str = "Acme Industries", title: str = "Spotting Phishing", **fields: Any
) -> Holder:
    """With a certificate of today. `fields` are those of the member, and of the course if it has them."""
    world = driver.world
    of_course = {name: fields.pop(name) for name in ("certificate_months",) if name in fields}
    course = world.course(driver.msp, title, certificate=True, **of_course)
    org = world.org(driver.msp, org_name, courses=[course])
    account, member = world.learner(org, **fields)
    driver.launch(org, [course])
    assert world.post(f"/me/courses/{org}.{member}.{course}/complete", account).status == 200
    (certificate,) = certificates(driver, account)
    return Holder(org, account, member, course, certificate)


def certificates(driver: Driver, account: str) -> list[dict[str, Any]]:
    return driver.world.every("/me/certificates", account)


def checked(driver: Driver, certificate: dict[str, Any]) -> dict[str, Any]:
    """What the public check says of it."""
    path = f"/certificates/{certificate['number']}"
    answer = driver.world.get(path, headers={"Accept": "application/json"})
    assert answer.status == 200, answer.text
    return dict(answer.json)
