"""Reports as admins read them, and compared with a plain count."""

from datetime import date
from typing import Any

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.reporting.reports.reference import COURSE_NUMBERS, TRAINING_NUMBERS, Numbers, Reference

OWN_ID = {
    "courses": "course_id", "trainings": "training_id", "sessions": "session_id", "departments": "department_id",
    "clients": "org_id",
}  # fmt: skip
NUMBERS = {
    "courses": COURSE_NUMBERS, "trainings": TRAINING_NUMBERS, "sessions": TRAINING_NUMBERS,
    "departments": (*COURSE_NUMBERS, *TRAINING_NUMBERS[1:]), "clients": COURSE_NUMBERS,
}  # fmt: skip


def read(world: World, as_: str, path: str, kind: str, query: str = "") -> dict[str, Any]:
    """The first page."""
    answer = world.get(f"{path}/reports/{kind}?{query}", as_)
    assert answer.status == 200, answer.text
    return dict(answer.json)


def refresh(driver: Driver, as_: str, path: str) -> None:
    """Have everything counted now."""
    driver.world.now = driver.world.now.replace(microsecond=0)
    assert driver.world.post(f"{path}/reports/refresh", as_).status == 202
    driver.work()


def lines(world: World, as_: str, path: str, kind: str, query: str = "") -> Numbers:
    """Of all pages, the numbers by what they are of; lines without anything are left out."""
    found = {}
    for item in world.every(f"{path}/reports/{kind}?limit=2&{query}", as_):
        numbers = {name: item[name] for name in NUMBERS[kind]}
        if any(numbers.values()):
            found[item[OWN_ID[kind]] or ""] = numbers
    return found


def assert_agree(
    world: World, as_: str, org: str, first: date | None = None, last: date | None = None,
    departments: set[str] | None = None,
) -> None:  # fmt: skip
    """All reports of an organization are what a plain count gives for the period."""
    reference, path = Reference(world, org, departments), f"/orgs/{org}"
    period = (first or date.min, last or date.max)
    query = "&".join(f"{name}={day}" for name, day in (("from", first), ("to", last)) if day)
    expected = {
        "courses": reference.courses(*period), "departments": reference.departments_(*period),
        "trainings": reference.trainings(*period), "sessions": reference.sessions(*period),
    }  # fmt: skip
    for kind, numbers in expected.items():
        assert lines(world, as_, path, kind, query) == numbers, (kind, query)
        report = read(world, as_, path, kind, query)
        sums = {name: sum(one[name] for one in numbers.values()) for name in NUMBERS[kind]}
        assert {name: report["totals"][name] for name in NUMBERS[kind]} == sums, (kind, query)
        in_series = {name: sum(point[name] for point in report["series"]["points"]) for name in NUMBERS[kind]}
        assert in_series == sums, (kind, query)
