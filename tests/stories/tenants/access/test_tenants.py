"""F2: no account reads or changes a tenant outside its roles. Tests every route."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

import app
from chalicelib.portal import PATHS
from chalicelib.tenants.access.permissions import (
    CHOOSABLE,
    PERMISSIONS_BY_ROLE,
    beyond_departments,
    with_included,
)
from chalicelib.tenants.access.states import Permission, Role
from chalicelib.web.routing import ROUTES
from infra.rules.template import PUBLIC
from tests.gateway import Answer
from tests.harness import World
from tests.stories.kept_scene import KeptScene
from tests.stories.tenants.access.tenant_table import LAUNCH, ORG_LAUNCH, TABLE, Ids, Tenant

P = Permission
FOR_MSP_ADMINS = {P.MSP_ADMINS, P.CLIENTS, P.ROLLOUTS}
# Live trainings and their sessions name nobody; their participants are those of the caller's departments.
NAMES_NOBODY = {
    f"GET /orgs/{{org_id}}/trainings/{{training_id}}{rest}"
    for rest in ("", "/sessions", "/sessions/{session_id}", "/participants")
}
PARTICIPANTS_EXPORT = "POST /orgs/{org_id}/trainings/{training_id}/participants/export"
ATTENDANCE = "POST /orgs/{org_id}/trainings/{training_id}/sessions/{session_id}/attendance"
LIMITED = {route.name: route.limited for route in ROUTES}
METHODS = ["GET", "PATCH", "PUT", "POST", "DELETE"]
FOR_DEPARTMENT_ADMINS = set(PERMISSIONS_BY_ROLE[Role.DEPARTMENT_ADMIN])


_TENANTS = KeptScene(lambda world: (Tenant(world, "Vanquish"), Tenant(world, "Strange")))


@pytest.fixture
def tenants(world: World) -> tuple[Tenant, Tenant]:
    return _TENANTS.begin(world)


@pytest.fixture
def victim(tenants: tuple[Tenant, Tenant]) -> Tenant:
    return tenants[0]


@pytest.fixture
def stranger(tenants: tuple[Tenant, Tenant]) -> Tenant:
    return tenants[1]


class Walk:
    """Asks routes on behalf of somebody, and gathers all that was not as it should be."""

    def __init__(self, world: World, victim: Tenant) -> None:
        self.world, self.victim = world, victim
        self.wrong: list[str] = []
        self._num_sent = 0
        self._before = self._victims_items()

    def ask(
        self, route: str, caller: str | None, who: str, *statuses: int, ids: Ids | None = None,
        path: str | None = None, headers: Mapping[str, str] | None = None, knows: str = "",
    ) -> Answer:  # fmt: skip
        """Send the request with the victim's ids; any other status than these is wrong, and so is a leak.

        What the caller `knows` may be in the answer.
        """
        make_body, file = TABLE[route].body, TABLE[route].file
        body = make_body(ids or self.victim.ids) if make_body else None
        path = path or self.victim.path(route)
        self._num_sent += 1
        more = {"Idempotency-Key": f"walk {self._num_sent}", **(headers or {})}
        if file is not None:
            more["Content-Type"] = "text/csv"
        answer = self.world.request(route.split(" ")[0], path, as_=caller, body=body, raw=file, headers=more)
        if answer.status not in statuses:
            self.wrong.append(f"{who}: {route} answers {answer.status}, not {statuses}: {answer.text[:200]}")
        sent = path + json.dumps(body) + knows
        told = answer.text + json.dumps(answer.headers)
        leaked = [secret for secret in self.victim.secrets if secret in told and secret not in sent]
        if leaked:
            self.wrong.append(f"{who}: {route} tells {leaked}")
        return answer

    def end(self) -> None:
        """Nothing was wrong, nothing changed at the victim's, nothing was set going there."""
        assert self.wrong == []
        after = self._victims_items()
        assert [item for item in after if item not in self._before] == []
        assert after == self._before
        assert not [message for message in self.world.messages() if self._speaks_of_victim(json.dumps(message))]

    def _victims_items(self) -> list[dict[str, Any]]:
        found = [item for short in ("core", "enrollments", "outbox") for item in self.world.dump(short)]
        # Keys of requests are the callers' own.
        others = [item for item in found if not item["pk"].startswith("IDEMPOTENCY#")]
        return [item for item in others if self._speaks_of_victim(json.dumps(item, default=str))]

    def _speaks_of_victim(self, text: str) -> bool:
        return any(secret in text for secret in self.victim.secrets)


@pytest.fixture
def walk(world: World, victim: Tenant) -> Walk:
    return Walk(world, victim)


# ---------------------------------------------------------------- the table itself


def test_every_route_is_in_the_table() -> None:
    assert app.app
    # Who may open which page of the portal is in a table of its own (tests/stories/portal).
    portal = {f"{method} {path}" for method in ("GET", "POST") for path in PATHS}
    assert {route.name for route in ROUTES if route.public} | portal == PUBLIC
    assert {route.name: route.needs for route in ROUTES if not route.public} == {
        route: str(case.needs or "") for route, case in TABLE.items()
    }


def test_those_who_may_reach_everything_with_these_ids_and_bodies(world: World, victim: Tenant) -> None:
    # Without this, a wrong id in the table would make all the refusals below true for the wrong reason.
    walk = Walk(world, victim)
    for route in sorted(TABLE, key=_what_spoils_comes_last):
        caller = victim.learner if TABLE[route].needs is None else victim.admin
        good = (200, 201, 202, 204, 409, TABLE[route].at_best)
        answer = walk.ask(route, caller, "who may", *good, knows=" ".join(victim.secrets))
        # Later ones meet what earlier ones did: a batch that is cancelled by then, a group in use.
        expected = route.split(" ")[0] in ("POST", "DELETE") or TABLE[route].at_best == 409
        assert answer.status != 409 or expected, route
    assert walk.wrong == []


def _what_spoils_comes_last(route: str) -> tuple[bool, int]:
    # There is nothing to look at before an undo.
    return route.startswith("GET") and route.endswith("/undo"), METHODS.index(route.split(" ")[0])


# ---------------------------------------------------------------- from outside


def test_who_is_not_logged_in_gets_401(walk: Walk) -> None:
    for route in TABLE:
        walk.ask(route, None, "nobody", 401)
    walk.end()


def test_an_admin_of_another_msp_finds_nothing_there(walk: Walk, stranger: Tenant) -> None:
    for route, case in TABLE.items():
        walk.ask(route, stranger.admin, "another MSP's admin", case.elsewhere, *case.elsewhere_too)
    walk.end()


def test_naming_another_s_msp_in_the_header_gives_no_role_in_it(walk: Walk, stranger: Tenant) -> None:
    headers = {"Muster-Msp": walk.victim.driver.msp}
    for route, case in TABLE.items():
        if case.needs in FOR_MSP_ADMINS:
            walk.ask(route, stranger.admin, "another MSP's admin, by header", 403, headers=headers)
    walk.end()


def test_people_of_other_organizations_find_nothing_there(world: World, victim: Tenant, stranger: Tenant) -> None:
    next_door = world.org(victim.driver.msp, "Next door")
    callers = {
        "another MSP's organization admin": stranger.org_admin,
        "another MSP's learner": stranger.learner,
        "the organization admin next door": world.org_admin(next_door),
        "the learner next door": world.learner(next_door)[0],
        "an account without roles": world.account(),
    }
    walk = Walk(world, victim)
    for who, caller in callers.items():
        for route, case in TABLE.items():
            status = 403 if case.needs in FOR_MSP_ADMINS else case.elsewhere
            # Who is next door belongs to the same MSP.
            if (who, route) == ("the learner next door", "POST /me/erase"):
                # It takes them out of the organization next door, which names the MSP.
                continue
            knows = victim.driver.msp if "next door" in who else ""
            walk.ask(route, caller, who, status, *case.elsewhere_too, knows=knows)
    walk.end()


def test_one_s_own_organization_in_the_path_does_not_open_what_belongs_to_another(
    world: World, victim: Tenant, stranger: Tenant
) -> None:
    next_door = world.org(victim.driver.msp, "Next door", courses=[victim.ids["course_id"]])
    callers = [
        ("another MSP's admin", stranger.admin, stranger.org),
        ("another MSP's organization admin", stranger.org_admin, stranger.org),
        ("the organization admin next door", world.org_admin(next_door), next_door),
    ]
    walk = Walk(world, victim)
    for route in (route for route in TABLE if "{org_id}" in route and route.count("{") > 1):
        for who, caller, own in callers:
            status = 403 if TABLE[route].needs in FOR_MSP_ADMINS and caller != stranger.admin else 404
            path = victim.path(route, org_id=own)
            walk.ask(route, caller, f"{who}, with a mixed path", status, path=path, knows=own)
    walk.end()


@pytest.mark.parametrize(
    ("route", "own", "field"),
    [
        (LAUNCH, ["org_id"], "courses.0.course_id"),
        (ORG_LAUNCH, ["org_id", "member_id"], "courses.0.course_id"),
        (ORG_LAUNCH, ["org_id", "course_id"], "targeting.member_ids.0"),
        (LAUNCH, ["org_id", "course_id"], "targeting.group_ids.0"),
        (LAUNCH, ["course_id", "group_id"], "org_ids.0"),
        ("PUT /msp/organizations/{org_id}/training-access", ["org_id"], "course_ids.0"),
        ("POST /orgs/{org_id}/groups", ["org_id"], "course_ids.0"),
        ("POST /orgs/{org_id}/departments", ["org_id"], "parent_id"),
    ],
)
def test_another_s_thing_in_a_body_is_unknown(
    walk: Walk, stranger: Tenant, route: str, own: list[str], field: str
) -> None:
    ids = {**walk.victim.ids, **{name: stranger.ids[name] for name in own}}
    path = stranger.path(route)
    answer = walk.ask(route, stranger.admin, "a mixed body", 422, ids=ids, path=path)
    assert field in [error["field"] for error in answer.json["errors"]]
    walk.end()


def test_filters_and_cursors_open_nothing(world: World, walk: Walk, stranger: Tenant) -> None:
    ids = walk.victim.ids
    for name in ("group_id", "department_id", "location_id"):
        answer = world.get(f"/orgs/{stranger.org}/members?{name}={ids[name]}", stranger.org_admin)
        assert answer.json == {"items": [], "next_cursor": None}
    cursor = world.get("/msp/organizations?limit=1", walk.victim.admin).json["next_cursor"]
    assert world.get(f"/msp/organizations?limit=1&cursor={cursor}", stranger.admin).status == 422
    walk.end()


# ---------------------------------------------------------------- inside, without permission


def test_in_one_s_own_tenant_what_is_not_permitted_is_403(world: World, victim: Tenant) -> None:
    org, department = victim.org, victim.department
    nothing: set[Permission] = set()
    callers = {
        "a learner": (victim.learner, nothing),
        "an organization admin": (victim.org_admin, set(P) - FOR_MSP_ADMINS),
        "a department admin": (
            world.org_admin(org, role="department_admin", department_ids=[department]),
            FOR_DEPARTMENT_ADMINS,
        ),
        "an auditor": (world.org_admin(org, role="custom", permissions=["audit"]), {P.AUDIT}),
    }
    walk = Walk(world, victim)
    for who, (caller, allowed) in callers.items():
        for route, case in TABLE.items():
            is_out_of_reach = who == "a department admin" and not LIMITED[route]
            if case.needs is not None and (case.needs not in allowed or is_out_of_reach):
                walk.ask(route, caller, who, 403)
            elif case.needs is None and "{" in route and who != "a learner":
                # An enrollment is its learner's own, whatever else one may do.
                walk.ask(route, caller, who, 404)
    walk.end()


@pytest.mark.parametrize("chosen", sorted(CHOOSABLE))
def test_a_custom_role_opens_the_routes_of_its_permission_and_no_others(
    world: World, victim: Tenant, chosen: Permission
) -> None:
    kept = world.post(f"/orgs/{victim.org}/roles", victim.admin, {"name": "Kept", "permissions": [chosen]})
    by_name = world.org_admin(victim.org, role="custom", role_id=kept.json["role_id"])
    callers = {"with the permission": world.org_admin(victim.org, role="custom", permissions=[str(chosen)])}
    callers["with a role that has it"] = by_name
    may = with_included([chosen])
    walk = Walk(world, victim)
    for who, caller in callers.items():
        for route, case in TABLE.items():
            if case.needs is not None and case.needs not in may:
                walk.ask(route, caller, who, 403)
            elif case.needs is not None and route.startswith("GET") and not route.endswith("/undo"):
                walk.ask(route, caller, who, case.at_best, knows=" ".join(victim.secrets))
    walk.end()


def test_a_role_that_is_gone_opens_nothing_whatever_the_token_says(world: World, victim: Tenant) -> None:
    """A token lives for an hour, and says nothing of roles: they are read at each request."""
    department = [victim.department]
    kept = world.post(f"/orgs/{victim.org}/roles", victim.admin, {"name": "Kept", "permissions": ["members"]})
    role_id = kept.json["role_id"]
    admins = {
        "a removed organization admin": world.org_admin(victim.org),
        "a removed department admin": world.org_admin(victim.org, role="department_admin", department_ids=department),
        "a removed custom role": world.org_admin(victim.org, role="custom", permissions=["members"]),
    }
    emptied = world.org_admin(victim.org, role="custom", role_id=role_id)
    msp_admin = world.msp_admin(victim.driver.msp)
    assert world.get("/msp/organizations", msp_admin).status == 200
    assert world.delete(f"/msp/admins/{msp_admin}", victim.admin).status == 204
    for admin in admins.values():
        assert world.get(f"/orgs/{victim.org}/members", admin).status == 200
        assert world.delete(f"/orgs/{victim.org}/admins/{admin}", victim.admin).status == 204
    world.patch(f"/orgs/{victim.org}/roles/{role_id}", victim.admin, {"permissions": ["audit"]})
    walk = Walk(world, victim)
    for route, case in TABLE.items():
        if case.needs is None:
            continue
        for who, admin in {**admins, "a removed MSP admin": msp_admin}.items():
            walk.ask(route, admin, who, 403 if case.needs in FOR_MSP_ADMINS else 404)
        if case.needs != P.AUDIT:
            walk.ask(route, emptied, "a role that has changed", 403)
    walk.end()


def test_what_is_limited_to_another_department_reaches_nobody_of_this_one(world: World, victim: Tenant) -> None:
    other = [victim.other_department]
    limitable = sorted(str(name) for name in CHOOSABLE if not beyond_departments([name]))
    callers = {
        "another department's admin": world.org_admin(victim.org, role="department_admin", department_ids=other),
        "a custom role over another department": world.org_admin(
            victim.org, role="custom", permissions=limitable, department_ids=other
        ),
    }
    moved = world.org_admin(victim.org, role="department_admin", department_ids=[victim.department])
    assert len(world.get(f"/orgs/{victim.org}/members", moved).json["items"]) == 1
    assert world.delete(f"/orgs/{victim.org}/admins/{moved}", victim.admin).status == 204
    # With the token that they had before.
    callers["a department admin who got another department"] = world.org_admin(
        victim.org, moved, role="department_admin", department_ids=other
    )
    walk = Walk(world, victim)
    for who, caller in callers.items():
        for route, case in TABLE.items():
            if case.needs is None or "{" not in route.replace("{org_id}", ""):
                continue
            if route == PARTICIPANTS_EXPORT:
                # A file without anybody, of which test_participants_export.py tells.
                continue
            if route == ATTENDANCE:
                # A session names nobody; it is still to come.
                walk.ask(route, caller, who, 409)
            elif route in NAMES_NOBODY:
                walk.ask(route, caller, who, 200, knows=f"{victim.mark} {victim.ids['session_id']}")
            elif not LIMITED[route] or "{member_id}" in route or "{certificate_id}" in route:
                walk.ask(route, caller, who, 403)
            else:
                # A batch of all, an export and a plan of somebody else's, a filter of another's.
                walk.ask(route, caller, who, 404)
        listed = {
            "GET /orgs/{org_id}/members": [], "GET /orgs/{org_id}/training": [], "GET /orgs/{org_id}/filters": [],
        }  # fmt: skip
        for route, items in listed.items():
            # The name of one's own organization is no secret.
            assert walk.ask(route, caller, who, 200, knows=victim.mark).json["items"] == items, route
        walk.ask(ORG_LAUNCH, caller, who, 422)
        walk.ask("POST /orgs/{org_id}/training/preview", caller, who, 422)
        assert walk.ask("POST /orgs/{org_id}/members/search", caller, who, 200).json["items"] == []
        refused = walk.ask("POST /orgs/{org_id}/invites", caller, who, 422)
        assert refused.json["errors"][0]["field"] == "department_id"
        for verb in ("resend", "cancel"):
            answer = walk.ask(f"POST /orgs/{{org_id}}/invites/{verb}", caller, who, 200)
            assert [one["code"] for one in answer.json["results"]] == ["not_there"]
    walk.end()


def test_a_department_admin_reaches_the_people_of_the_department_only(world: World, victim: Tenant) -> None:
    admins = {
        department: world.org_admin(victim.org, role="department_admin", department_ids=[department])
        for department in (victim.department, victim.other_department)
    }
    walk = Walk(world, victim)
    person = [route for route, case in TABLE.items() if "{member_id}" in route and LIMITED[route]]
    assert len(person) >= 3
    for route in person:
        walk.ask(route, admins[victim.other_department], "another department's admin", 403)
    listed = walk.ask("GET /orgs/{org_id}/members", admins[victim.other_department], "another department's admin", 200)
    assert listed.json["items"] == []
    walk.end()
    path = victim.path("GET /orgs/{org_id}/members")
    found = world.get(path, admins[victim.department]).json["items"]
    assert [one["member_id"] for one in found] == [victim.ids["member_id"]]
