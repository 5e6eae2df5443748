"""The crowd of docs/aws-checklist.md is a client like any other: launched to, and exported."""

from chalicelib.aws.files import PART_BYTES
from infra.trial.crowd import make
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver

_NUM = 40
# As the checklist has it.
_NUM_THERE = 40_000


def test_a_crowd_is_enrolled_and_its_export_takes_more_than_one_part(world: World) -> None:
    driver = Driver(world)
    crowd = make(driver.msp, _NUM, world.now)
    (batch,) = driver.launch(crowd.org_id, [crowd.course_id])
    row = f"/msp/training/{crowd.org_id}/{batch}/courses/{crowd.course_id}/learners"
    assert len(world.every(row, driver.admin)) == _NUM
    members = world.every(f"/orgs/{crowd.org_id}/members", driver.admin)
    assert {member["email"] for member in members} == {
        f"success+{number:06}@simulator.amazonses.com" for number in range(_NUM)
    }
    export = world.post(f"{row}/export", driver.admin).json
    driver.work()
    ready = world.get(f"/msp/exports/{export['export_id']}", driver.admin).json
    content, _ = fetched(ready["url"])
    assert len(content) / _NUM * _NUM_THERE > PART_BYTES
