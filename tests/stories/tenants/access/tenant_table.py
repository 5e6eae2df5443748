"""Every route that needs a login, with what a request for an item of one tenant needs.

A route that is not here fails tests/stories/tenants/access/test_tenants.py: whoever adds one says here who may use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.search import store as search_store
from chalicelib.people.search.messages import CountSearch
from chalicelib.tenants.access.states import Permission
from tests.harness import World
from tests.stories.driver import Driver, refused

Ids = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """`needs` is the permission asked for; None: the route is about one's own account.

    `elsewhere` is what an admin of another MSP is answered who asks with the same ids: 404, or success
    where the path names nothing and the answer is about the caller's own MSP.
    """

    needs: Permission | None
    body: Callable[[Ids], Any] | None = None
    elsewhere: int = 404
    # Where the answer is about the caller's own account, and depends on what they are.
    elsewhere_too: tuple[int, ...] = ()
    # What even those who may are answered, where more than ids is needed.
    at_best: int = 200
    # A file that is sent in place of a body.
    file: bytes | None = None
    query: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)


P = Permission
LAUNCH = "POST /msp/training/enrollment"

_BATCH = "/msp/training/{org_id}/{batch_id}"
_ROW = _BATCH + "/courses/{course_id}"
ORG_LAUNCH = "POST /orgs/{org_id}/training/enrollment"
_ORG_BATCH = "/orgs/{org_id}/training/{batch_id}"
_ORG_ROW = _ORG_BATCH + "/courses/{course_id}"
_MEMBER = "/orgs/{org_id}/members/{member_id}"
_TRAININGS = "/orgs/{org_id}/trainings"
_TRAINING = _TRAININGS + "/{training_id}"
_REPORTS = ("courses", "trainings", "sessions", "departments")

SESSION = {
    "starts_at": "2027-06-01T09:00", "ends_at": "2027-06-01T10:00", "time_zone": "Europe/Berlin", "place": "Here",
}  # fmt: skip


def _launch(ids: Ids) -> dict[str, Any]:
    return {
        "name": "New",
        "org_ids": [ids["org_id"]],
        "courses": [{"course_id": ids["course_id"]}],
        "targeting": {"mode": "groups", "group_ids": [ids["group_id"]]},
    }


def _org_launch(ids: Ids) -> dict[str, Any]:
    return {
        "name": "New",
        "courses": [{"course_id": ids["course_id"]}],
        "targeting": {"mode": "individuals", "member_ids": [ids["member_id"]]},
    }


def _enroll(ids: Ids) -> dict[str, Any]:
    item = {"training_id": ids["training_id"], "session_id": ids["session_id"]}
    return {"member_ids": [ids["member_id"]], "items": [item]}


TABLE: dict[str, Case] = {
    # The MSP
    "GET /msp/admins": Case(P.MSP_ADMINS, elsewhere=200),
    "POST /msp/admins": Case(P.MSP_ADMINS, lambda _: {"email": "new@example.com"}, elsewhere=201),
    "DELETE /msp/admins/{account_id}": Case(P.MSP_ADMINS, ids={"account_id": "msp_admin_id"}),
    "GET /msp/organizations": Case(P.CLIENTS, elsewhere=200),
    "POST /msp/organizations": Case(P.CLIENTS, lambda _: {"name": "New", "time_zone": "Europe/Berlin"}, elsewhere=201),
    "POST /msp/organizations/{org_id}/close": Case(P.CLIENTS),
    "POST /msp/organizations/{org_id}/open": Case(P.CLIENTS),
    "DELETE /msp/organizations/{org_id}": Case(P.CLIENTS, at_best=409),
    "PATCH /msp/organizations/{org_id}": Case(P.CLIENTS, lambda _: {"name": "Taken over"}),
    "PUT /msp/organizations/{org_id}/training-access": Case(
        P.CLIENTS, lambda ids: {"course_ids": [ids["course_id"]], "reply_to": "new@example.com"}
    ),
    "GET /msp/organizations/{org_id}/training-access": Case(P.CLIENTS),
    "DELETE /msp/organizations/{org_id}/training-access": Case(P.CLIENTS),
    "GET /msp/courses": Case(P.CLIENTS, elsewhere=200),
    "GET /msp/courses/{course_id}": Case(P.CLIENTS),
    "GET /msp/training": Case(P.ROLLOUTS, elsewhere=200),
    "GET /msp/training/{org_id}": Case(P.ROLLOUTS),
    f"GET {_BATCH}": Case(P.ROLLOUTS),
    f"GET {_ROW}/learners": Case(P.ROLLOUTS),
    LAUNCH: Case(P.ROLLOUTS, _launch, elsewhere=422),
    "POST /msp/training/preview": Case(P.ROLLOUTS, _launch, elsewhere=422),
    "GET /msp/training/preview/{plan_id}": Case(P.ROLLOUTS),
    "GET /msp/training/drafts": Case(P.ROLLOUTS, elsewhere=200),
    "POST /msp/training/drafts": Case(P.ROLLOUTS, lambda _: {"name": "Q1 awareness"}, elsewhere=201),
    "GET /msp/training/drafts/{draft_id}": Case(P.ROLLOUTS),
    "PATCH /msp/training/drafts/{draft_id}": Case(P.ROLLOUTS, lambda _: {"name": "Taken over"}),
    # What is not theirs to delete is gone for them already.
    "DELETE /msp/training/drafts/{draft_id}": Case(P.ROLLOUTS, elsewhere=204),
    "GET /msp/activity": Case(P.ROLLOUTS, elsewhere=200),
    "GET /msp/rollouts": Case(P.ROLLOUTS, elsewhere=200),
    "GET /msp/rollouts/{rollout_id}": Case(P.ROLLOUTS),
    "POST /msp/rollouts/{rollout_id}/retry": Case(P.ROLLOUTS, lambda ids: {"org_ids": [ids["failed_org_id"]]}),
    f"POST {_ROW}/retry": Case(P.ROLLOUTS, ids={"course_id": "denied_course_id"}),
    f"POST {_ROW}/cancel": Case(P.ROLLOUTS),
    f"POST {_ROW}/remind": Case(P.ROLLOUTS),
    f"PATCH {_ROW}": Case(P.ROLLOUTS, lambda _: {"due_by": "2027-12-31"}),
    f"POST {_BATCH}/cancel": Case(P.ROLLOUTS),
    f"POST {_BATCH}/undo": Case(P.ROLLOUTS),
    f"GET {_BATCH}/undo": Case(P.ROLLOUTS),
    f"GET {_BATCH}/as-launch": Case(P.ROLLOUTS),
    "POST /msp/training/export": Case(P.ROLLOUTS, elsewhere=202),
    "POST /msp/training/{org_id}/export": Case(P.ROLLOUTS),
    f"POST {_ROW}/learners/export": Case(P.ROLLOUTS),
    "GET /msp/exports/{export_id}": Case(P.ROLLOUTS),
    # Reports
    **{f"GET /orgs/{{org_id}}/reports/{kind}": Case(P.TRAINING_READ) for kind in _REPORTS},
    **{f"POST /orgs/{{org_id}}/reports/{kind}/export": Case(P.TRAINING_READ) for kind in _REPORTS},
    "POST /orgs/{org_id}/reports/refresh": Case(P.TRAINING_READ),
    **{f"GET /msp/reports/{kind}": Case(P.ROLLOUTS, elsewhere=200) for kind in ("courses", "clients")},
    **{f"POST /msp/reports/{kind}/export": Case(P.ROLLOUTS, elsewhere=202) for kind in ("courses", "clients")},
    "POST /msp/reports/refresh": Case(P.ROLLOUTS, elsewhere=202),
    # Training in one organization
    "GET /orgs/{org_id}/courses": Case(P.TRAINING_READ),
    "GET /orgs/{org_id}/training": Case(P.TRAINING_READ),
    f"GET {_ORG_BATCH}": Case(P.TRAINING_READ),
    f"GET {_ORG_ROW}/learners": Case(P.TRAINING_READ),
    f"GET {_ORG_BATCH}/undo": Case(P.TRAINING_READ),
    f"GET {_ORG_BATCH}/as-launch": Case(P.TRAINING_READ),
    "POST /orgs/{org_id}/training/export": Case(P.TRAINING_READ),
    f"POST {_ORG_ROW}/learners/export": Case(P.TRAINING_READ),
    "GET /orgs/{org_id}/exports": Case(P.TRAINING_READ),
    "GET /orgs/{org_id}/exports/{export_id}": Case(P.TRAINING_READ, ids={"export_id": "own_export_id"}),
    ORG_LAUNCH: Case(P.TRAINING, _org_launch),
    "POST /orgs/{org_id}/training/preview": Case(P.TRAINING, _org_launch),
    "GET /orgs/{org_id}/training/preview/{plan_id}": Case(P.TRAINING),
    f"POST {_ORG_ROW}/retry": Case(P.TRAINING, ids={"course_id": "denied_course_id"}),
    f"POST {_ORG_ROW}/cancel": Case(P.TRAINING),
    f"POST {_ORG_ROW}/remind": Case(P.TRAINING),
    f"PATCH {_ORG_ROW}": Case(P.TRAINING, lambda _: {"due_by": "2027-12-31"}),
    f"POST {_ORG_BATCH}/cancel": Case(P.TRAINING),
    f"POST {_ORG_BATCH}/undo": Case(P.TRAINING),
    # One organization
    "GET /orgs/{org_id}": Case(P.SETTINGS),
    "PATCH /orgs/{org_id}": Case(P.SETTINGS, lambda _: {"enroll_hour": "05:00"}),
    "GET /orgs/{org_id}/join-page": Case(P.SETTINGS),
    "PUT /orgs/{org_id}/join-page": Case(P.SETTINGS, lambda _: {"enabled": True, "slug": "taken-over"}),
    "GET /orgs/{org_id}/admins": Case(P.ORG_ADMINS),
    "POST /orgs/{org_id}/admins": Case(P.ORG_ADMINS, lambda _: {"email": "new@example.com", "role": "org_admin"}),
    "DELETE /orgs/{org_id}/admins/{account_id}": Case(P.ORG_ADMINS, ids={"account_id": "org_admin_id"}),
    "GET /orgs/{org_id}/roles": Case(P.ORG_ADMINS),
    "POST /orgs/{org_id}/roles": Case(P.ORG_ADMINS, lambda _: {"name": "New", "permissions": ["audit"]}),
    "PATCH /orgs/{org_id}/roles/{role_id}": Case(P.ORG_ADMINS, lambda _: {"name": "Taken over"}),
    "DELETE /orgs/{org_id}/roles/{role_id}": Case(P.ORG_ADMINS),
    "GET /orgs/{org_id}/audit": Case(P.AUDIT),
    "GET /orgs/{org_id}/audit/verify": Case(P.AUDIT),
    "POST /orgs/{org_id}/audit/export": Case(P.AUDIT),
    # Only who asked for a pack finds it.
    "GET /orgs/{org_id}/audit/exports/{export_id}": Case(P.AUDIT, at_best=404, ids={"export_id": "pack_id"}),
    "GET /orgs/{org_id}/groups": Case(P.STRUCTURE_READ),
    "POST /orgs/{org_id}/groups": Case(P.STRUCTURE, lambda ids: {"name": "New", "course_ids": [ids["course_id"]]}),
    "PATCH /orgs/{org_id}/groups/{group_id}": Case(P.STRUCTURE, lambda _: {"name": "Taken over"}),
    "DELETE /orgs/{org_id}/groups/{group_id}": Case(P.STRUCTURE),
    "GET /orgs/{org_id}/departments": Case(P.STRUCTURE_READ),
    "POST /orgs/{org_id}/departments": Case(
        P.STRUCTURE, lambda ids: {"name": "New", "parent_id": ids["department_id"]}
    ),
    "PATCH /orgs/{org_id}/departments/{department_id}": Case(P.STRUCTURE, lambda _: {"name": "Taken over"}),
    "DELETE /orgs/{org_id}/departments/{department_id}": Case(P.STRUCTURE),
    "GET /orgs/{org_id}/locations": Case(P.STRUCTURE_READ),
    "POST /orgs/{org_id}/locations": Case(P.STRUCTURE, lambda _: {"name": "New"}),
    "PATCH /orgs/{org_id}/locations/{location_id}": Case(P.STRUCTURE, lambda _: {"name": "Taken over"}),
    "DELETE /orgs/{org_id}/locations/{location_id}": Case(P.STRUCTURE),
    "GET /orgs/{org_id}/members": Case(P.MEMBERS_READ),
    "POST /orgs/{org_id}/members/search": Case(P.MEMBERS_READ, lambda _: {}),
    "GET /orgs/{org_id}/searches/{search_id}": Case(P.MEMBERS_READ),
    "GET /orgs/{org_id}/filters": Case(P.MEMBERS_READ),
    "POST /orgs/{org_id}/filters": Case(P.MEMBERS_READ, lambda _: {"name": "New", "filter": {}}),
    "PATCH /orgs/{org_id}/filters/{filter_id}": Case(P.MEMBERS_READ, lambda _: {"name": "Taken over"}),
    "DELETE /orgs/{org_id}/filters/{filter_id}": Case(P.MEMBERS_READ),
    "POST /orgs/{org_id}/members": Case(
        P.MEMBERS, lambda _: {"login_name": "new.person", "password": "A-first-password-1", "first_name": "New"}
    ),
    f"PUT {_MEMBER}/first-password": Case(P.MEMBERS, lambda _: {"password": "A-first-password-1"}, at_best=409),
    f"GET {_MEMBER}": Case(P.MEMBERS_READ),
    f"PATCH {_MEMBER}": Case(P.MEMBERS, lambda _: {"fields": {"badge": "taken over"}}),
    f"POST {_MEMBER}/archive": Case(P.MEMBERS),
    f"POST {_MEMBER}/erase": Case(P.MEMBERS),
    f"POST {_MEMBER}/data": Case(P.MEMBERS),
    f"GET {_MEMBER}/enrollments": Case(P.TRAINING_READ),
    f"GET {_MEMBER}/mails": Case(P.TRAINING_READ),
    f"GET {_MEMBER}/explain": Case(P.TRAINING_READ, query="course_id={course_id}"),
    f"PATCH {_MEMBER}/enrollments/{{enrollment_id}}": Case(P.RESULTS, lambda _: {"result": {"score": 1}}),
    f"DELETE {_MEMBER}/enrollments/{{enrollment_id}}": Case(P.TRAINING),
    "POST /orgs/{org_id}/invites": Case(
        P.INVITES, lambda ids: {"group_id": ids["group_id"], "emails": ["new@example.com"], "notify": "now"}
    ),
    "POST /orgs/{org_id}/invites/resend": Case(P.INVITES, lambda ids: {"member_ids": [ids["member_id"]]}),
    "POST /orgs/{org_id}/invites/cancel": Case(P.INVITES, lambda ids: {"member_ids": [ids["member_id"]]}),
    "POST /orgs/{org_id}/invites/bulk": Case(P.INVITES, lambda _: {"action": "resend", "filter": {}}),
    "POST /orgs/{org_id}/invites/bulk/{action_id}/run": Case(P.INVITES),
    "POST /orgs/{org_id}/members/bulk-archive": Case(P.MEMBERS, lambda ids: {"member_ids": [ids["member_id"]]}),
    "POST /orgs/{org_id}/members/bulk-archive/{action_id}/run": Case(P.MEMBERS, ids={"action_id": "archive_action_id"}),
    "GET /orgs/{org_id}/bulk-actions": Case(P.MEMBERS_READ),
    "GET /orgs/{org_id}/bulk-actions/{action_id}": Case(P.MEMBERS_READ),
    "GET /orgs/{org_id}/bulk-actions/{action_id}/results": Case(P.MEMBERS_READ),
    "GET /orgs/{org_id}/invites/announcement": Case(P.INVITES),
    "GET /orgs/{org_id}/invites/template": Case(P.INVITES),
    "POST /orgs/{org_id}/imports": Case(P.INVITES, file=b"E-mail,Groups\r\nnew@example.com,New\r\n"),
    "GET /orgs/{org_id}/imports": Case(P.INVITES),
    "GET /orgs/{org_id}/imports/{import_id}": Case(P.INVITES),
    "GET /orgs/{org_id}/imports/{import_id}/failed": Case(P.INVITES),
    "POST /orgs/{org_id}/imports/{import_id}/mapping": Case(P.INVITES, lambda _: {"columns": {"E-mail": "email"}}),
    "POST /orgs/{org_id}/imports/{import_id}/approve": Case(P.INVITES, lambda _: {"notify": "now"}),
    "POST /orgs/{org_id}/imports/{import_id}/disapprove": Case(P.INVITES),
    f"GET {_MEMBER}/carry-over": Case(P.RESULTS),
    f"POST {_MEMBER}/carry-over/{{offer_id}}/accept": Case(P.RESULTS),
    # Certificates
    "GET /orgs/{org_id}/certificates": Case(P.TRAINING_READ),
    "GET /orgs/{org_id}/certificates/{certificate_id}/file": Case(P.TRAINING_READ),
    "POST /orgs/{org_id}/certificates/{certificate_id}/revoke": Case(P.RESULTS, lambda _: {"reason": "Taken over"}),
    "POST /orgs/{org_id}/certificates/{certificate_id}/reissue": Case(P.RESULTS),
    "POST /orgs/{org_id}/certificates/export": Case(P.TRAINING_READ),
    # Live trainings
    f"GET {_TRAININGS}": Case(P.TRAINING_READ),
    f"POST {_TRAININGS}/enroll": Case(P.TRAININGS, _enroll),
    f"POST {_TRAININGS}": Case(P.TRAININGS, lambda _: {"title": "New"}),
    f"GET {_TRAINING}": Case(P.TRAINING_READ),
    f"PATCH {_TRAINING}": Case(P.TRAININGS, lambda _: {"title": "Taken over"}),
    f"POST {_TRAINING}/archive": Case(P.TRAININGS),
    f"GET {_TRAINING}/sessions": Case(P.TRAINING_READ),
    f"POST {_TRAINING}/sessions": Case(P.TRAININGS, lambda _: SESSION),
    f"GET {_TRAINING}/sessions/{{session_id}}": Case(P.TRAINING_READ),
    f"PATCH {_TRAINING}/sessions/{{session_id}}": Case(P.TRAININGS, lambda _: {"place": "Taken over"}),
    f"POST {_TRAINING}/sessions/{{session_id}}/cancel": Case(P.TRAININGS, lambda _: {"reason": "Taken over"}),
    f"GET {_TRAININGS}/enroll/{{enroll_id}}": Case(P.TRAININGS),
    f"GET {_TRAINING}/participants": Case(P.TRAINING_READ),
    f"GET {_MEMBER}/trainings": Case(P.TRAINING_READ),
    f"POST {_TRAINING}/participants/export": Case(P.TRAINING_READ),
    f"PATCH {_TRAINING}/participants/{{member_id}}": Case(P.RESULTS, lambda ids: {"session_id": ids["session_id"]}),
    f"POST {_TRAINING}/participants/{{member_id}}/cancel": Case(P.TRAININGS),
    f"POST {_TRAINING}/sessions/{{session_id}}/attendance": Case(P.RESULTS, lambda ids: {"absent": [ids["member_id"]]}),
    # One's own account
    "GET /me/invites": Case(None, elsewhere=200),
    "POST /me/invites/{invite_id}/accept": Case(None, lambda _: {}),
    "POST /me/invites/{invite_id}/decline": Case(None),
    "GET /me": Case(None, elsewhere=200),
    "GET /me/home": Case(None, elsewhere=200),
    "GET /me/trainings": Case(None, elsewhere=200),
    "POST /me/trainings/{participation_id}/confirm": Case(None),
    "POST /me/trainings/{participation_id}/decline": Case(None),
    "POST /me/trainings/{participation_id}/tentative": Case(None),
    "GET /me/notifications": Case(None, elsewhere=200),
    "POST /me/notifications/read": Case(None, lambda _: {"ids": "all"}, elsewhere=200),
    "GET /me/calendar": Case(None, elsewhere=200),
    "POST /me/calendar": Case(None, elsewhere=200),
    "GET /me/certificates": Case(None, elsewhere=200),
    "GET /me/certificates/{certificate_id}/file": Case(None),
    "GET /me/certificates/{certificate_id}/badge": Case(None),
    "GET /me/courses": Case(None, elsewhere=200),
    "POST /me/courses": Case(None, lambda ids: {"course_id": ids["library_course_id"]}, elsewhere=201),
    "GET /me/library": Case(None, elsewhere=200),
    "POST /me/courses/{enrollment_id}/offer": Case(
        None, lambda ids: {"org_id": ids["org_id"]}, ids={"enrollment_id": "own_enrollment_id"}
    ),
    "POST /me/courses/{enrollment_id}/start": Case(None),
    "POST /me/courses/{enrollment_id}/complete": Case(None),
    "GET /me/data": Case(None, at_best=404),
    "POST /me/data": Case(None, elsewhere=202),
    "POST /me/email": Case(None, lambda _: {"email": "new@example.com"}, elsewhere=202),
    "POST /me/email/confirm": Case(None, lambda _: {"code": "00000000"}, elsewhere=422, at_best=422),
    # Admins give up their roles first.
    "POST /me/erase": Case(None, elsewhere=202, elsewhere_too=(409,)),
}


class Tenant:
    """An MSP with one client in which everything is there once, under names that occur nowhere else.

    `ids` holds the path parameters by name; `secrets` is all that nobody else may read.
    """

    def __init__(self, world: World, mark: str) -> None:
        self.mark = mark
        driver = Driver(world)
        self.driver, self.admin = driver, driver.admin
        second_admin = world.msp_admin(driver.msp, world.account(f"{mark}.second@example.com"))
        course, denied = (world.course(driver.msp, f"{mark} {title}") for title in ("Passwords", "Phishing"))
        certified = world.course(driver.msp, f"{mark} Certified", certificate=True)
        # Of these everybody may know who has an account.
        open_course = world.course(driver.msp, "Open to everybody", self_enroll=True)
        library_course = world.course(world.msp("Library"), "Open to everybody, too", self_enroll=True)
        self.org = world.org(
            driver.msp,
            f"{mark} Industries",
            courses=[course, open_course, certified],
            reply_to=f"{mark}@example.com",
            subscription="active",
        )
        failed_org = world.org(driver.msp, f"{mark} Logistics", courses=[course])
        self.department = world.department(self.org, f"{mark} Finance")
        self.other_department = world.department(self.org, f"{mark} Sales")
        group, location = world.group(self.org, f"{mark} Group"), world.location(self.org, f"{mark} Hall")
        self.org_admin = world.org_admin(self.org)
        org_admin_2 = world.org_admin(self.org, world.account(f"{mark}.org@example.com"))
        self.learner, member = world.learner(
            self.org, [group], account_id=world.account(f"{mark}.learner@example.com"),
            email=f"{mark}.learner@example.com", first_name=mark, last_name="Person",
            department_id=self.department, location_id=location, fields={"badge": f"{mark} badge"},
        )  # fmt: skip
        invited = world.member(self.org, status="pending", email=f"{mark}.invited@example.com")
        invited_too = world.member(
            failed_org, status="pending", email=f"{mark}.learner@example.com", invite_id=new_id(world.now)
        )
        (first,) = driver.launch(self.org, [course], name=f"{mark} first")
        later = {"course_id": course, "enroll_on": "2027-06-01"}
        with refused(failed_org):
            answer = driver.send(driver.form([self.org, failed_org], [later, denied], name=f"{mark} second"))
        driver.work()
        (enrollment,) = driver.enrollments(self.org, member)
        taken = world.post("/me/courses", self.learner, {"course_id": open_course}).json["enrollment_id"]
        world.post(f"/me/courses/{taken}/start", self.learner)
        offer = world.post(f"/me/courses/{taken}/offer", self.learner, {"org_id": self.org}).json["offer_id"]
        driver.launch(self.org, [certified], name=f"{mark} third")
        world.post(f"/me/courses/{self.org}.{member}.{certified}/complete", self.learner)
        (certificate,) = world.every("/me/certificates", self.learner)
        # Whoever asks for the file or the badge later finds it made.
        for what in ("file", "badge"):
            world.get(f"/me/certificates/{certificate['certificate_id']}/{what}", self.learner)
        driver.work()
        plan = world.post("/msp/training/preview", self.admin, driver.form([self.org], [course])).json["plan_id"]
        export = world.post("/msp/training/export", self.admin).json["export_id"]
        draft = world.post("/msp/training/drafts", self.admin, {"name": f"{mark} draft"}).json["draft_id"]
        kept = {"name": f"{mark} filter", "filter": {"also": [member]}}
        filter_id = world.post(f"/orgs/{self.org}/filters", self.org_admin, kept).json["filter_id"]
        count = CountSearch(
            msp_id=driver.msp, org_id=self.org, search_id=new_id(world.now), due_at=to_text(world.now)
        )  # fmt: skip
        search_store.begin_count(count, {}, None, world.now)
        file = f"E-mail,First name,Groups\r\n{mark}.uploaded@example.com,{mark},{mark} Group\r\n".encode()
        uploaded = world.request(
            "POST", f"/orgs/{self.org}/imports", as_=self.admin, raw=file, headers={"Content-Type": "text/csv"}
        )
        bulk = {"action": "resend", "member_ids": [invited]}
        action_id = world.post(f"/orgs/{self.org}/invites/bulk", self.admin, bulk).json["action_id"]
        archiving = world.post(f"/orgs/{self.org}/members/bulk-archive", self.admin, {"member_ids": [invited]})
        trainings = f"/orgs/{self.org}/trainings"
        training = world.post(trainings, self.admin, {"title": f"{mark} live"}).json["training_id"]
        session = world.post(f"{trainings}/{training}/sessions", self.admin, SESSION).json["session_id"]
        chosen = {"member_ids": [member], "items": [{"training_id": training, "session_id": session}]}
        enrolled = world.post(f"{trainings}/enroll", self.admin, chosen).json["enroll_id"]
        driver.work()
        for reports in (f"/orgs/{self.org}/reports", "/msp/reports"):
            assert world.post(f"{reports}/refresh", self.admin).status == 202
        driver.work()
        self.ids = {
            "certificate_id": certificate["certificate_id"],
            "filter_id": filter_id, "search_id": count.search_id,
            "training_id": training, "session_id": session, "enroll_id": enrolled,
            "participation_id": f"{self.org}.{member}.{training}",
            "import_id": uploaded.json["import_id"],
            "action_id": action_id, "archive_action_id": archiving.json["action_id"],
            "org_id": self.org, "failed_org_id": failed_org, "course_id": course, "denied_course_id": denied,
            "group_id": group, "department_id": self.department, "location_id": location, "member_id": member,
            "msp_admin_id": second_admin, "org_admin_id": org_admin_2, "rollout_id": answer.json["rollout_id"],
            "batch_id": answer.json["results"][0]["batch_id"], "enrollment_id": enrollment["enrollment_id"],
            "own_enrollment_id": taken, "offer_id": offer, "library_course_id": library_course,
            "export_id": export, "plan_id": plan, "draft_id": draft, "invite_id": f"{failed_org}.{invited_too}",
        }  # fmt: skip
        more = {driver.msp, self.admin, self.org_admin, self.learner, self.other_department, invited, first, mark}
        role = world.post(f"/orgs/{self.org}/roles", self.admin, {"name": f"{mark} role", "permissions": ["audit"]})
        self.ids["role_id"] = role.json["role_id"]
        self.ids["own_export_id"] = world.post(f"/orgs/{self.org}/training/export", self.admin).json["export_id"]
        self.ids["pack_id"] = world.post(f"/orgs/{self.org}/audit/export", self.admin).json["export_id"]
        world.messages()
        self.secrets = {*self.ids.values(), *more} - {library_course}

    def path(self, route_name: str, **others: str) -> str:
        """The route's path with this tenant's ids, but for the `others`."""
        own = {name: self.ids[given] for name, given in TABLE[route_name].ids.items()}
        query = f"?{TABLE[route_name].query}" if TABLE[route_name].query else ""
        return (route_name.split(" ", 1)[1] + query).format(**{**self.ids, **own, **others})
