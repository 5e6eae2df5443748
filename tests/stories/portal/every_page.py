"""A world in which every page has something to show, and where each page is."""

from dataclasses import dataclass
from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.portal.site_map import PortalPage, every_page
from chalicelib.tenants.access.service import Scope
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.schemas import DraftForm
from tests.harness import World
from tests.stories.driver import Driver, refused


@dataclass(frozen=True)
class Everything:
    """`ids` are those of the addresses; `queries` of pages that show something only with one."""

    admin: str
    ids: dict[str, str]

    def address(self, page: PortalPage) -> str:
        return page.path.format(**self.ids)


def everything(world: World, driver: Driver, course: str) -> Everything:
    """A batch that ran, with people who have failed, and a client that lacks everything."""
    org, other = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    world.org(driver.msp, "Wiltford Dental", ready=False, time_zone=None)
    group = world.group(org, "Finance", [course])
    department, location = world.department(org, "Docks"), world.location(org, "Kiel")
    world.department(org, "Cranes", department)
    member = world.member(org, [group], department_id=department, location_id=location)
    world.member(org, [group], "pending", first_name="", last_name="")
    (bad,) = world.members(org, 1)
    with refused(bad):
        answer = driver.send(driver.form([org, other], [course]))
        driver.work()
    export = world.post("/msp/training/export", driver.admin).json["export_id"]
    draft_id = new_id(world.now)
    form = DraftForm(name="Q1 awareness", org_ids=[org], course_ids=[course])
    drafts.begin(Scope(driver.admin, driver.msp, is_msp_admin=True), draft_id, form, world.now)
    ids: dict[str, Any] = {
        "draft_id": draft_id, "export_id": export,
        "org_id": org, "group_id": group, "department_id": department, "location_id": location, "member_id": member,
        "course_id": course, "rollout_id": answer.json["rollout_id"], "account_id": driver.admin,
        "batch_id": answer.json["results"][0]["batch_id"],
    }  # fmt: skip
    return Everything(driver.admin, ids)


def pages(method: str) -> list[PortalPage]:
    return [page for page in every_page() if page.method == method]
