"""The same request under the same key happens once, even after a failure in between."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed, InFlight
from chalicelib.web import idempotency
from chalicelib.web.idempotency_store import LEASE, Attempt
from chalicelib.web.routing import ROUTES
from tests.gateway import Answer
from tests.harness import World

KEY = {"Idempotency-Key": "the-front-end-s-key"}


@dataclass
class Creation:
    """A request that creates something, another body for it, and the list it appears in."""

    path: str
    body: dict[str, Any]
    other: dict[str, Any] = field(default_factory=dict)

    def send(self, world: World, admin: str, **more: Any) -> Answer:
        return world.post(self.path, admin, **{"body": self.body, "headers": KEY, **more})


CREATIONS = {
    "/msp/organizations": Creation(
        "/msp/organizations",
        {"name": "Acme", "time_zone": "Europe/Berlin"},
        {"name": "Globex", "time_zone": "Europe/Berlin"},
    ),
    "/msp/admins": Creation("/msp/admins", {"email": "ann@example.com"}, {"email": "bob@example.com"}),
    "/orgs/{org_id}/admins": Creation(
        "/orgs/{org_id}/admins",
        {"email": "ann@example.com", "role": "org_admin"},
        {"email": "bob@example.com", "role": "org_admin"},
    ),
    "/orgs/{org_id}/groups": Creation("/orgs/{org_id}/groups", {"name": "Finance"}, {"name": "Sales"}),
    "/orgs/{org_id}/departments": Creation("/orgs/{org_id}/departments", {"name": "Top"}, {"name": "Low"}),
    "/orgs/{org_id}/locations": Creation("/orgs/{org_id}/locations", {"name": "Berlin"}, {"name": "Bonn"}),
}


@pytest.fixture
def admin(world: World) -> str:
    return world.msp_admin(world.msp())


@pytest.fixture(params=sorted(CREATIONS))
def creation(request: pytest.FixtureRequest, world: World, admin: str) -> Creation:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    org = world.org(msp, courses=[])
    found = CREATIONS[request.param]
    return Creation(found.path.format(org_id=org), found.body, found.other)


def test_every_route_that_creates_takes_a_key() -> None:
    import app  # noqa: F401  (registers the routes)

    taking = {route.path for route in ROUTES if route.idempotent}
    assert set(CREATIONS) <= taking


def test_the_same_request_twice_answers_the_same_and_happens_once(world: World, admin: str, creation: Creation) -> None:
    first = creation.send(world, admin)
    state = world.dump("core")
    second = creation.send(world, admin)
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert world.dump("core") == state


def test_a_process_that_died_before_it_answered_is_taken_over(world: World, admin: str, creation: Creation) -> None:
    first = creation.send(world, admin)
    state = world.dump("core")
    world.lose_answers()
    second = creation.send(world, admin)
    assert (second.status, second.json) == (201, first.json)
    assert world.dump("core") == state


def _keys(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Of entries in the audit trail without the instant: who takes over is later."""
    return {(one["pk"], re.sub(r"^.*?#", "", one["sk"]) if "#AUDIT" in one["pk"] else one["sk"]) for one in items}


def test_a_process_that_died_before_it_began_is_taken_over(world: World, admin: str, creation: Creation) -> None:
    before = world.dump("core")
    creation.send(world, admin)
    now = world.dump("core")
    _take_out(world, [item for item in now if item not in before], before)
    world.lose_answers()
    assert creation.send(world, admin).status == 201
    assert _keys(world.dump("core")) == _keys(now)


def test_the_same_key_with_another_body_is_refused(world: World, admin: str, creation: Creation) -> None:
    creation.send(world, admin)
    state = world.dump("core")
    refused = creation.send(world, admin, body=creation.other)
    assert (refused.status, refused.json["code"]) == (422, "key_reused")
    assert world.dump("core") == state


@pytest.mark.parametrize(
    "raw",
    [
        b'{"time_zone": "Europe/Berlin", "name": "Acme"}',
        b'{\n  "name" : "Acme",\r\n\t"time_zone":"Europe/Berlin"}\n',
        b'{"name": "\\u0041cme", "time_zone": "Europe\\/Berlin"}',
    ],
    ids=["order", "spaces", "escapes"],
)
def test_the_same_json_written_in_another_way_is_the_same_request(world: World, admin: str, raw: bytes) -> None:
    first = world.post("/msp/organizations", admin, raw=b'{"name":"Acme","time_zone":"Europe/Berlin"}', headers=KEY)
    assert first.status == 201
    again = world.post("/msp/organizations", admin, raw=raw, headers=KEY)
    assert (again.status, again.text) == (201, first.text)
    assert len(world.every("/msp/organizations", admin)) == 1


def test_a_list_in_another_order_is_another_request(world: World, admin: str) -> None:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    one, two = world.course(msp), world.course(msp)
    path = f"/orgs/{world.org(msp, courses=[one, two])}/groups"
    assert world.post(path, admin, {"name": "A", "course_ids": [one, two]}, headers=KEY).status == 201
    answer = world.post(path, admin, {"name": "A", "course_ids": [two, one]}, headers=KEY)
    assert (answer.status, answer.json["code"]) == (422, "key_reused")


def test_without_a_key_every_request_is_a_new_one(world: World, admin: str, creation: Creation) -> None:
    creation.send(world, admin, headers={})
    num_before = len(world.dump("core"))
    again = creation.send(world, admin, body=creation.other, headers={})
    assert again.status == 201
    assert len(world.dump("core")) > num_before


def test_a_refused_request_leaves_its_key_free(world: World, admin: str) -> None:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    org = world.org(msp, courses=[])
    group = world.group(org, "Finance")
    path = f"/orgs/{org}/groups"
    assert world.post(path, admin, {"name": "Finance"}, headers=KEY).status == 409
    world.delete(f"{path}/{group}", admin)
    assert world.post(path, admin, {"name": "Finance"}, headers=KEY).status == 201


def test_while_the_first_is_being_answered_the_second_waits(world: World, admin: str) -> None:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    path = f"/orgs/{world.org(msp, courses=[])}/groups"
    body = b'{"name":"Finance"}'
    claimed = idempotency.attempt(admin, f"POST {path}", KEY["Idempotency-Key"], body, world.now)
    claimed.claim()
    refused = world.post(path, admin, raw=body, headers=KEY)
    assert (refused.status, refused.json["code"]) == (409, "in_flight")
    assert int(refused.headers["retry-after"]) in range(1, 6)
    assert world.every(path, admin) == []


def _claim(world: World, account: str) -> Attempt:
    made = idempotency.attempt(account, "POST /somewhere", KEY["Idempotency-Key"], b"{}", world.now)
    made.claim()
    return made


GIVE_UP: dict[str, Callable[[Attempt, datetime], None]] = {
    "frees its key": lambda attempt, _: attempt.release(),
    "ends its lease": lambda attempt, now: attempt.end_lease(now),
}


@pytest.mark.parametrize("give_up", GIVE_UP.values(), ids=GIVE_UP)
def test_a_try_that_was_taken_over_leaves_the_other_its_claim(
    world: World, give_up: Callable[[Attempt, datetime], None]
) -> None:
    account = world.account()
    slow = _claim(world, account)
    world.now += LEASE
    later = _claim(world, account)
    assert later.seed == slow.seed
    with pytest.raises(ConditionFailed):
        give_up(slow, world.now)
    with pytest.raises(InFlight):
        _claim(world, account)
    later.save_answer("{}")
    assert _answer(world, account) == "{}"


@pytest.mark.parametrize("give_up", GIVE_UP.values(), ids=GIVE_UP)
def test_a_try_that_gave_up_does_not_touch_the_next_one_s_claim(
    world: World, give_up: Callable[[Attempt, datetime], None]
) -> None:
    """Not even one of the same moment, whose lease ends when its own did."""
    account = world.account()
    first = _claim(world, account)
    first.release()
    second = _claim(world, account)
    assert (second.record.leased_until, second.seed != first.seed) == (first.record.leased_until, True)
    with pytest.raises(ConditionFailed):
        give_up(first, world.now)
    with pytest.raises(InFlight):
        _claim(world, account)


def _answer(world: World, account: str) -> str | None:
    return idempotency.attempt(account, "POST /somewhere", KEY["Idempotency-Key"], b"{}", world.now).answer


def test_a_key_is_the_caller_s_own_and_of_one_route(world: World, admin: str) -> None:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    first, second = world.org(msp, courses=[]), world.org(msp, courses=[])
    other = world.msp_admin(msp)
    made = [
        world.post(f"/orgs/{first}/locations", admin, {"name": "Berlin"}, headers=KEY),
        world.post(f"/orgs/{second}/locations", admin, {"name": "Berlin"}, headers=KEY),
        world.post(f"/orgs/{first}/groups", admin, {"name": "Berlin"}, headers=KEY),
        world.post(f"/orgs/{first}/locations", other, {"name": "Bonn"}, headers=KEY),
    ]
    assert [answer.status for answer in made] == [201, 201, 201, 201]


def test_a_key_is_forgotten_after_a_day(world: World, admin: str) -> None:
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    path = f"/orgs/{world.org(msp, courses=[])}/groups"
    world.post(path, admin, {"name": "Finance"}, headers=KEY)
    world.now += timedelta(hours=24)
    assert world.post(path, admin, {"name": "Sales"}, headers=KEY).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(world: World, admin: str, key: str) -> None:
    body = {"name": "Acme", "time_zone": "Europe/Berlin"}
    refused = world.post("/msp/organizations", admin, body, headers={"Idempotency-Key": key})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "Idempotency-Key")


def _take_out(world: World, made: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    """Put the table back to what it was before the request."""
    from chalicelib.aws.clients import client

    core, outbox = world.stage.table_names["core"], world.stage.table_names["outbox"]
    for mail in world.dump("outbox"):
        # The mail to an appointed admin is written in the same transaction.
        if not mail["pk"].startswith("IDEMPOTENCY#"):
            client("dynamodb").delete_item(TableName=outbox, Key={"pk": {"S": mail["pk"]}, "sk": {"S": mail["sk"]}})
    was_there = {(item["pk"], item["sk"]) for item in before}
    for item in made:
        if (item["pk"], item["sk"]) not in was_there:
            client("dynamodb").delete_item(TableName=core, Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}})
        else:
            client("dynamodb").update_item(
                TableName=core, Key={"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}},
                UpdateExpression="ADD num_admins :less", ExpressionAttributeValues={":less": {"N": "-1"}},
            )  # fmt: skip
