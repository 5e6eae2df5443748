"""A request for every route that needs a login, and for what else one of them may find.

Most are those of the tenant table. Here are those that need something before them: a deletion needs what is unused, a
code has to be mailed first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tests.faults.fake_sqs import Request
from tests.faults.routes.scene import Scene, table_request
from tests.stories.inbox import code_in
from tests.stories.tenants.access.tenant_table import TABLE, Tenant

Build = Callable[[Scene, Tenant], Request]


@dataclass(frozen=True)
class Case:
    """`name` is the route, perhaps with what is special about it behind a colon. `build` does what comes before."""

    name: str
    build: Build

    @property
    def route(self) -> str:
        return self.name.partition(": ")[0]


def _plain(route: str) -> Build:
    return lambda scene, made: table_request(made, route, "first")


def _after(route: str, *before: str) -> Build:
    """The table's request, after those of other routes."""

    def build(scene: Scene, made: Tenant) -> Request:
        for number, name in enumerate(before):
            assert scene.ask(table_request(made, name, f"before {number}")).status < 300
        return table_request(made, route, "first")

    return build


def _created(route: str, by: str, name: str) -> Build:
    """The table's request, for what another route has just created: `name` is its id in answer and path."""

    def build(scene: Scene, made: Tenant) -> Request:
        answer = scene.ask(table_request(made, by, "before"))
        assert answer.status == 201, answer.text
        return replace(table_request(made, route, "first"), path=made.path(route, **{name: answer.json[name]}))

    return build


def _empty(route: str) -> Build:
    """A deletion of something that nothing uses."""
    by = f"POST {route.split(' ')[1].rpartition('/')[0]}"
    return _created(route, by, route.rpartition("{")[2].rstrip("}"))


def _invited(what: str) -> Build:
    route = f"POST /orgs/{{org_id}}/invites/{what}"

    def build(scene: Scene, made: Tenant) -> Request:
        answer = scene.ask(table_request(made, "POST /orgs/{org_id}/invites", "before"))
        body = {"member_ids": [answer.json["results"][0]["member_id"]]}
        return replace(table_request(made, route, "first"), body=body)

    return build


def _address_confirmed(scene: Scene, made: Tenant) -> Request:
    """With the code that was mailed."""
    assert scene.ask(table_request(made, "POST /me/email", "before")).status == 202
    code = code_in(scene.mails()[-1])
    return replace(table_request(made, "POST /me/email/confirm", "first"), body={"code": code})


def _reminded(base: str) -> Build:
    """Of the batch that ran."""
    route = f"POST {base}/{{batch_id}}/courses/{{course_id}}/remind"

    def build(scene: Scene, made: Tenant) -> Request:
        first = next(
            one for one in scene.world.dump("core") if one.get("name") == f"{made.mark} first" and "batch_id" in one
        )
        return replace(table_request(made, route, "first"), path=made.path(route, batch_id=first["batch_id"]))

    return build


_TRAINING = "/orgs/{org_id}/trainings/{training_id}"
_CALL_OFF = f"POST {_TRAINING}/sessions/{{session_id}}/cancel"


def _attended(scene: Scene, made: Tenant) -> Request:
    scene.world.now = datetime(2027, 6, 2, tzinfo=UTC)
    return table_request(made, f"POST {_TRAINING}/sessions/{{session_id}}/attendance", "first")


def _moved(scene: Scene, made: Tenant) -> Request:
    """To another session, for which there is a place."""
    session = scene.ask(table_request(made, f"POST {_TRAINING}/sessions", "before")).json["session_id"]
    route = f"PATCH {_TRAINING}/participants/{{member_id}}"
    return replace(table_request(made, route, "first"), body={"session_id": session})


def _with(route: str, **fields: Any) -> Build:
    return lambda scene, made: replace(table_request(made, route, "first"), body=fields)


_CLIENT = "/msp/organizations/{org_id}"
_MEMBER = "/orgs/{org_id}/members/{member_id}"

_MORE = (
    Case(f"POST {_CLIENT}/open: of a closed client", _after(f"POST {_CLIENT}/open", f"POST {_CLIENT}/close")),
    Case(f"DELETE {_CLIENT}: of an empty client", _empty(f"DELETE {_CLIENT}")),
    Case(f"PATCH {_CLIENT}: that moves dates", _with(f"PATCH {_CLIENT}", time_zone="Asia/Tokyo")),
    Case("PATCH /orgs/{org_id}: that moves dates", _with("PATCH /orgs/{org_id}", enroll_hour="11:00")),
    *(
        Case(f"GET {path}/undo: of an undone batch", _after(f"GET {path}/undo", f"POST {path}/undo"))
        for path in ("/msp/training/{org_id}/{batch_id}", "/orgs/{org_id}/training/{batch_id}")
    ),
    *(
        Case(f"{route}: of an unused one", _empty(route))
        for route in (
            "DELETE /orgs/{org_id}/groups/{group_id}",
            "DELETE /orgs/{org_id}/departments/{department_id}",
            "DELETE /orgs/{org_id}/locations/{location_id}",
        )
    ),
    *(
        Case(f"POST {base}/{{batch_id}}/courses/{{course_id}}/remind: of a learner", _reminded(base))
        for base in ("/msp/training/{org_id}", "/orgs/{org_id}/training")
    ),
    Case(
        f"PUT {_MEMBER}/first-password: of a login name",
        _created(f"PUT {_MEMBER}/first-password", "POST /orgs/{org_id}/members", "member_id"),
    ),
    Case("POST /orgs/{org_id}/invites/resend: of an open one", _invited("resend")),
    Case("POST /orgs/{org_id}/invites/cancel: of an open one", _invited("cancel")),
    Case(f"POST {_TRAINING}/archive: without sessions to come", _after(f"POST {_TRAINING}/archive", _CALL_OFF)),
    Case(f"POST {_TRAINING}/sessions/{{session_id}}/attendance: of a session that was", _attended),
    Case(f"PATCH {_TRAINING}/participants/{{member_id}}: to another session", _moved),
    Case("POST /me/email/confirm: with the code", _address_confirmed),
)

CASES = {case.name: case for case in (*(Case(route, _plain(route)) for route in TABLE), *_MORE)}
