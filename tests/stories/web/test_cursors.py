"""Cursors: a position that was not given out, to this caller and for this list, is 422 on every list."""

import base64

import pytest

from chalicelib.web import cursor_key
from chalicelib.web.routing import ROUTES, Route
from tests.gateway import Answer
from tests.harness import World

# A position of each list's own prefix, of another list's, and what DynamoDB would refuse as a key.
POSITIONS = ["GROUP#", "ORG#1", "MEMBER#zzz", "x", "", "x" * 1025, "C  0", "\x00", '["a", "b"]']
SESSION = {
    "starts_at": "2027-06-01T09:00",
    "ends_at": "2027-06-01T10:00",
    "time_zone": "Europe/Berlin",
    "place": "Here",
}


def _lists() -> list[Route]:
    return [route for route in ROUTES if "cursor" in route.query.model_fields]


def _refused(answer: Answer) -> bool:
    return answer.status == 422 and [error["code"] for error in answer.json["errors"]] == ["invalid_cursor"]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _path(route: Route, params: dict[str, str]) -> str:
    return route.path.format(**{part[1:-1]: params[part[1:-1]] for part in route.path.split("/") if part[:1] == "{"})


def _asked(world: World, route: Route, params: dict[str, str], cursor: str) -> Answer:
    body = None if route.body is None else {}
    return world.request(route.method, f"{_path(route, params)}?cursor={cursor}", as_=params["admin"], body=body)


@pytest.fixture
def params(world: World) -> dict[str, str]:
    """An MSP with what the paths of lists name, two of what is listed first, and the admin's account."""
    msp = world.msp()
    course = world.course(msp)
    org = world.org(msp, courses=[course])
    world.org(msp, "Second", courses=[course])
    admin = world.msp_admin(msp)
    for kind in ("groups", "departments", "locations"):
        for name in ("One", "Two"):
            assert world.post(f"/orgs/{org}/{kind}", admin, {"name": name}).status == 201
    launch = {"name": "B", "org_ids": [org], "courses": [{"course_id": course}]}
    launched = world.post("/msp/training/enrollment", admin, launch, headers={"Idempotency-Key": "k"}).json
    batch = launched["results"][0]["batch_id"]
    member = world.member(org)
    trainings = f"/orgs/{org}/trainings"
    training = world.post(trainings, admin, {"title": "First aid"}).json["training_id"]
    session = world.post(f"{trainings}/{training}/sessions", admin, SESSION).json["session_id"]
    chosen = {"member_ids": [member], "items": [{"training_id": training, "session_id": session}]}
    enrolled = world.post(f"{trainings}/enroll", admin, chosen).json["enroll_id"]
    acted = world.post(f"/orgs/{org}/invites/bulk", admin, {"action": "resend", "filter": {}}).json["action_id"]
    ids = {"action_id": acted, "org_id": org, "batch_id": batch, "course_id": course, "member_id": member}
    return {**ids, "training_id": training, "enroll_id": enrolled, "admin": admin, "msp": msp}


def test_forged_cursors_are_refused_on_every_list(world: World, params: dict[str, str]) -> None:
    """Issue 10, 20: 500 on /msp/training, /me/invites, groups, departments, locations, imports."""
    assert len(_lists()) >= 18
    for route in _lists():
        for position in POSITIONS:
            packed = position.encode()
            for forged in filter(None, (_encoded(packed), _encoded(b"\0" * 16 + packed))):
                answer = _asked(world, route, params, forged)
                assert _refused(answer), f"{route.name} {position!r}: {answer.status} {answer.text}"


def test_a_cursor_of_one_list_is_refused_on_all_others(world: World, params: dict[str, str]) -> None:
    org, admin = params["org_id"], params["admin"]
    cursor = world.get(f"/orgs/{org}/groups?limit=1", admin).json["next_cursor"]
    assert world.get(f"/orgs/{org}/groups?limit=1&cursor={cursor}", admin).status == 200
    for route in _lists():
        if route.path != "/orgs/{org_id}/groups":
            assert _refused(_asked(world, route, params, cursor)), route.name


def test_a_cursor_is_refused_with_other_filters_and_for_another_caller(world: World, params: dict[str, str]) -> None:
    admin = params["admin"]
    cursor = world.get("/msp/organizations?limit=1", admin).json["next_cursor"]
    assert _refused(world.get(f"/msp/organizations?search=a&cursor={cursor}", admin))
    other = world.msp_admin(params["msp"])
    assert _refused(world.get(f"/msp/organizations?cursor={cursor}", other))


@pytest.mark.parametrize("change", ["first", "last", "cut", "longer", "sign", "letter"])
def test_a_changed_cursor_is_refused(world: World, params: dict[str, str], change: str) -> None:
    cursor = world.get("/msp/organizations?limit=1", params["admin"]).json["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    changed = {
        "first": _encoded(bytes([raw[0] ^ 1]) + raw[1:]),
        "last": _encoded(raw[:-1] + bytes([raw[-1] ^ 1])),
        "cut": _encoded(raw[:-1]),
        "longer": _encoded(raw + b"0"),
        "sign": cursor + "%21",
        "letter": cursor + "%C3%BC",
    }[change]
    assert _refused(world.get(f"/msp/organizations?cursor={changed}", params["admin"]))


def test_processes_that_begin_together_agree_on_one_key(world: World) -> None:
    cursor_key._read.cache_clear()
    first = cursor_key.cursor_key()
    cursor_key._read.cache_clear()
    assert cursor_key.cursor_key() == first
    assert len(first) == 32
