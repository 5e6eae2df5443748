"""A world in which every page has something to show, and where each page is."""

from dataclasses import dataclass
from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.portal.site_map import PortalPage, every_page
from chalicelib.tenants.access.service import Scope
from chalicelib.training.rollouts.drafts import service as drafts
from chalicelib.training.rollouts.drafts.schemas import DraftForm
from chalicelib.training.sessions.enrolling.drafts import service as enroll_drafts
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from tests.harness import World
from tests.stories.driver import Driver, refused
from tests.stories.kept_scene import KeptScene
from tests.stories.portal.browser import Browser
from tests.stories.training.certificates.holders import holder


@dataclass(frozen=True)
class Everything:
    """`ids` are those of the addresses; `queries` of pages that show something only with one."""

    admin: str
    ids: dict[str, str]

    def address(self, page: PortalPage) -> str:
        return page.path.format(**self.ids)


def everything(world: World, driver: Driver, course: str) -> Everything:
    """For a test that begins with it: what it has made before, its course too, is gone then. All that there is has its
    id in `ids`."""
    made, known = _KEPT.begin(world)
    vars(driver).update(vars(known))
    return made


def _built(world: World) -> tuple[Everything, Driver]:
    driver = Driver(world)
    return _everything(world, driver, world.course(driver.msp)), driver


_KEPT = KeptScene(_built)


def _everything(world: World, driver: Driver, course: str) -> Everything:
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
    for reports in (f"/orgs/{org}/reports", "/msp/reports"):
        world.post(f"{reports}/refresh", driver.admin)
    driver.work()
    of_msp = world.post("/msp/training/export", driver.admin).json["export_id"]
    draft_id = new_id(world.now)
    form = DraftForm(name="Q1 awareness", org_ids=[org], course_ids=[course])
    drafts.begin(Scope(driver.admin, driver.msp, is_msp_admin=True), draft_id, form, world.now)
    world.patch(f"/msp/organizations/{org}", driver.admin, {"subscription": "active"})
    rows = b"E-mail,Groups,Badge\r\nann@acme.example,Finance,7\r\nnobody,Finance,8\r\nsam@acme.example,finance,9\r\n"
    uploaded = world.request(
        "POST", f"/orgs/{org}/imports", as_=driver.admin, raw=rows, headers={"Content-Type": "text/csv"}
    )
    bulk = world.post(f"/orgs/{org}/invites/bulk", driver.admin, {"action": "resend", "filter": {}})
    role = world.post(f"/orgs/{org}/roles", driver.admin, {"name": "Auditor", "permissions": ["audit"]})
    exported = world.post(f"/orgs/{org}/training/export", driver.admin)
    pack = world.post(f"/orgs/{org}/audit/export", driver.admin)
    live = _live(world, driver, org, member)
    begun = EnrollDraftForm(member_ids=[member], sessions={live["training_id"]: live["session_id"]})
    enroll_drafts.begin(Scope(driver.admin, driver.msp, org), draft_id, begun, world.now)
    courses = EnrollDraftForm(kind="courses", name="Q2", member_ids=[member], course_ids=[course])
    enroll_drafts.begin(Scope(driver.admin, driver.msp, org), draft_id, courses, world.now)
    added, changed = _answered(world, driver, org, group, member)
    own = holder(driver, "Bremen Works", account_id=driver.admin)
    ids: dict[str, Any] = {
        "role_id": role.json["role_id"], "admin_id": world.org_admin(org), "export_id": exported.json["export_id"],
        "pack_id": pack.json["export_id"], "action_id": bulk.json["action_id"],
        "added_id": added, "changed_id": changed,
        "import_id": uploaded.json["import_id"],
        "enrollment_id": f"{own.org}.{own.member}.{own.course}", "invite_id": f"{org}.{member}",
        "learned_id": f"{org}.{member}.{course}", "offer_id": f"{member}.{course}",
        "certificate_id": own.certificate["certificate_id"], **live,
        "participation_id": _participation(world, driver, own.org, own.member),
        "draft_id": draft_id, "msp_export_id": of_msp,
        "org_id": org, "group_id": group, "department_id": department, "location_id": location, "member_id": member,
        "course_id": course, "rollout_id": answer.json["rollout_id"], "account_id": driver.admin,
        "batch_id": answer.json["results"][0]["batch_id"],
    }  # fmt: skip
    return Everything(driver.admin, ids)


def _answered(world: World, driver: Driver, org: str, group: str, member: str) -> tuple[str, str]:
    """Forms that were answered and changed nothing: an active member is neither invited nor taken back."""
    browser, base = Browser(world).has_session_of(driver.admin), f"/orgs/{org}/learners"
    email = world.get(f"/orgs/{org}/members/{member}", driver.admin).json["email"]
    forms = (
        (f"{base}/add", [("form_id", "added"), ("group_id", group), ("emails", email)]),
        (f"{base}/chosen", [("form_id", "changed"), ("member_id", member), ("go", "cancel")]),
    )
    added, changed = (browser.request("POST", path, fields).headers["location"] for path, fields in forms)
    return added.rpartition("/")[2], changed.rpartition("/")[2].partition("?")[0]


def _live(world: World, driver: Driver, org: str, member: str) -> dict[str, str]:
    """A training of the client with a session, and somebody in it."""
    base = f"/orgs/{org}/trainings"
    training = world.post(base, driver.admin, {"title": "First aid", "certificate": True}).json["training_id"]
    form = {
        "starts_at": "2027-02-01T09:00", "ends_at": "2027-02-01T10:30", "time_zone": "Europe/Berlin", "place": "Room 1",
        "capacity": 12,
    }  # fmt: skip
    session = world.post(f"{base}/{training}/sessions", driver.admin, form).json["session_id"]
    body = {"member_ids": [member], "items": [{"training_id": training, "session_id": session}]}
    enroll = world.post(f"{base}/enroll", driver.admin, body).json["enroll_id"]
    driver.work()
    export = world.post(f"{base}/{training}/participants/export", driver.admin).json["export_id"]
    driver.work()
    return {"training_id": training, "session_id": session, "enroll_id": enroll, "csv_id": export}


def _participation(world: World, driver: Driver, org: str, member: str) -> str:
    return f"{org}.{member}.{_live(world, driver, org, member)['training_id']}"


# Addresses of files, which browsers save and do not show.
FILES = ("/file", "/imports/template", "/imports/{import_id}/failed")


def pages(method: str) -> list[PortalPage]:
    return [page for page in every_page() if page.method == method and not page.path.endswith(FILES)]
