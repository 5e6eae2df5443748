"""Custom roles, and who gets one: broken at every call in every way, and two admins at it at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, each, pairs

LOOK, MAKE = "cognito-idp.ListUsers", "cognito-idp.AdminCreateUser"

# Who asks, and whose client it is; the key and its claim; the head of the audit trail, the role; the answer.
CREATE = [QUERY, GET, GET, PUT, QUERY, TRANSACT, UPDATE]
# The role; the head of the audit trail, the change; the role as it is.
CHANGE = [QUERY, GET, GET, QUERY, TRANSACT, GET]
DELETE = [QUERY, GET, GET, QUERY, TRANSACT]

# Who asks, and whose client it is; the key and its claim; the role; the account; the head of the audit trail, the
# admin with the mail; its message; the answer.
APPOINT = [QUERY, GET, GET, PUT, GET, GET, LOOK, MAKE, QUERY, TRANSACT, SEND, UPDATE]

AUDIT = ["audit"]
BEFORE, AFTER = {"name": "Auditor", "permissions": AUDIT}, {"name": "Reader", "permissions": ["members_read"]}


@dataclass
class Scene:
    play: FaultHarness
    org: str

    def path(self, rest: str = "") -> str:
        return f"/orgs/{self.org}/roles{rest}"

    def create(self, key: str = "create", **fields: Any) -> Request:
        return Request("POST", self.path(), self.play.admin, {**BEFORE, **fields}, key)

    def made(self) -> str:
        return str(self.play.ask(self.create("made")).json["role_id"])

    def change(self, role: str, **fields: Any) -> Request:
        return Request("PATCH", self.path(f"/{role}"), self.play.admin, fields or AFTER)

    def delete(self, role: str) -> Request:
        return Request("DELETE", self.path(f"/{role}"), self.play.admin)

    def appoint(self, role: str, email: str = "holder@example.com") -> Request:
        form = {"email": email, "role": "custom", "role_id": role}
        return Request("POST", f"/orgs/{self.org}/admins", self.play.admin, form, f"appoint {email}")

    def roles(self) -> list[tuple[str, list[str], int]]:
        found = self.play.ask(Request("GET", self.path(), self.play.admin)).json["items"]
        return [(one["name"], one["permissions"], one["num_admins"]) for one in found]

    def actions(self) -> list[str]:
        found = self.play.ask(Request("GET", f"/orgs/{self.org}/audit", self.play.admin)).json["items"]
        return [one["action"] for one in found if one["action"].startswith("role.")]

    def names(self) -> list[str]:
        return sorted(item["sk"] for item in self.play.world.dump("core") if item["sk"].startswith("NAME#role"))

    def settle(self) -> None:
        later.settle(self.play)
        verified = self.play.ask(Request("GET", f"/orgs/{self.org}/audit/verify", self.play.admin)).json
        assert verified["ok"], verified


@pytest.fixture
def scene(play: FaultHarness) -> Scene:
    return Scene(play, play.client(0, []))


def test_roles_make_these_calls(scene: Scene) -> None:
    def asked(request: Request, expected: list[str]) -> Any:
        with scene.play.injector.watched() as calls:
            answer = scene.play.ask(request)
        assert answer.status in (200, 201, 204), answer.text
        assert calls == expected
        return answer.json

    role = asked(scene.create(), CREATE)["role_id"]
    asked(scene.change(role), CHANGE)
    asked(scene.delete(role), DELETE)


@pytest.mark.parametrize(("at", "fault"), pairs(CREATE))
def test_a_role_is_made_once_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    later.broken_request(scene.play, scene.create(), at, fault, 201)
    assert (scene.roles(), scene.actions()) == ([("Auditor", AUDIT, 0)], ["role.created"])
    scene.settle()


@pytest.mark.parametrize(("at", "fault"), pairs(CHANGE))
def test_a_role_is_changed_once_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    later.broken_request(scene.play, scene.change(scene.made()), at, fault, 200)
    assert scene.roles() == [("Reader", ["members_read"], 0)]
    assert scene.actions() == ["role.changed", "role.created"]
    assert len(scene.names()) == 1
    scene.settle()


@pytest.mark.parametrize(("at", "fault"), pairs(DELETE))
def test_a_role_is_gone_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    request = scene.delete(scene.made())
    with scene.play.injector.fault(at, fault):
        scene.play.outside.ask(request)
    assert scene.play.injector.struck
    # Who asks again finds it gone, if the first request came through.
    assert scene.play.outside.ask_until_answered(request).status in (204, 404)
    assert (scene.roles(), scene.names()) == ([], [])
    assert scene.actions() == ["role.deleted", "role.created"]
    scene.settle()


@pytest.mark.parametrize("at", each(CREATE))
def test_of_two_roles_of_one_name_at_the_same_moment_one_is_made(scene: Scene, at: int) -> None:
    answer = later.while_asking(scene.play, scene.create(), at, lambda: scene.play.ask(scene.create("other")))
    assert (answer.status, answer.json.get("code", "name_taken")) in ((201, "name_taken"), (409, "name_taken"))
    assert scene.roles() == [("Auditor", AUDIT, 0)]
    assert scene.actions() == ["role.created"]
    scene.settle()


_OTHERS: dict[str, Callable[[Scene, str], Request]] = {
    "changed": lambda scene, role: scene.change(role, permissions=["settings"]),
    "deleted": lambda scene, role: scene.delete(role),
    "given": lambda scene, role: scene.appoint(role),
}


@pytest.mark.parametrize("other", _OTHERS)
@pytest.mark.parametrize("at", each(CHANGE))
def test_a_role_that_is_changed_deleted_or_given_meanwhile(scene: Scene, at: int, other: str) -> None:
    role = scene.made()
    theirs = _OTHERS[other](scene, role)
    answer = later.while_asking(scene.play, scene.change(role), at, lambda: scene.play.ask(theirs))
    expected = {
        # Whoever comes second has the last word, unless they read before the first wrote.
        ("changed", 200): [[("Reader", ["members_read"], 0)], [("Reader", ["settings"], 0)]],
        ("changed", 409): [[("Auditor", ["settings"], 0)]],
        ("deleted", 200): [[]], ("deleted", 404): [[]], ("deleted", 409): [[]],
        ("given", 200): [[("Reader", ["members_read"], 1)]],
        ("given", 409): [[("Auditor", AUDIT, 1)]],
    }  # fmt: skip
    assert scene.roles() in expected[other, answer.status], answer.text
    assert len(scene.names()) == len(scene.roles())
    scene.settle()


@pytest.mark.parametrize("at", each(DELETE))
def test_a_role_that_is_given_while_it_is_deleted_is_one_or_the_other(scene: Scene, at: int) -> None:
    role = scene.made()
    given: list[int] = []
    answer = later.while_asking(
        scene.play, scene.delete(role), at, lambda: given.append(scene.play.ask(scene.appoint(role)).status)
    )
    held = scene.roles()
    assert (answer.status, given, held) in (
        (409, [201], [("Auditor", AUDIT, 1)]), (204, [404], []), (204, [409], []), (204, [422], []),
    )  # fmt: skip
    scene.settle()


def test_giving_a_role_makes_these_calls(scene: Scene) -> None:
    request = scene.appoint(scene.made())
    with scene.play.injector.watched() as calls:
        assert scene.play.ask(request).status == 201
    assert calls == APPOINT


@pytest.mark.parametrize(("at", "fault"), pairs(APPOINT))
def test_a_role_is_given_once_whichever_call_breaks(scene: Scene, at: int, fault: Fault) -> None:
    role = scene.made()
    later.broken_request(scene.play, scene.appoint(role), at, fault, 201)
    assert scene.roles() == [("Auditor", AUDIT, 1)]
    held = scene.play.ask(Request("GET", f"/orgs/{scene.org}/admins", scene.play.admin)).json["items"]
    assert [one["role_id"] for one in held if one["email"] == "holder@example.com"] == [role]
    scene.settle()
