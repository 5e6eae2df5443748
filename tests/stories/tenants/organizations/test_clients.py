"""Clients of an MSP: none is made twice unawares, and an empty one can be deleted (issue 10, 16)."""

from typing import Any

import pytest

from chalicelib.tenants.organizations import store
from tests.gateway import Answer
from tests.harness import World


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def admin(world: World, msp: str) -> str:
    return world.msp_admin(msp)


def _create(world: World, admin: str, name: str = "Acme Industries", **more: Any) -> Answer:
    return world.post("/msp/organizations", admin, {"name": name, "time_zone": "Europe/Berlin", **more})


@pytest.mark.parametrize(
    "name",
    ["Acme Industries", "ACME industries", " Acme  Industries ", "Acm\u00e9 Industries", "Ac\u200bme Industries\u2060"],
)
def test_the_same_client_twice_is_refused_by_name(world: World, admin: str, name: str) -> None:
    first = _create(world, admin).json
    again = _create(world, admin, name)
    assert (again.status, again.json["code"]) == (409, "name_taken")
    assert (again.json["org_id"], again.json["name"]) == (first["org_id"], "Acme Industries")
    assert again.json["errors"][0]["field"] == "name"
    assert len(world.every("/msp/organizations", admin)) == 1


def test_the_same_name_can_be_given_on_purpose(world: World, admin: str) -> None:
    _create(world, admin)
    assert _create(world, admin, same_name=True).status == 201
    assert _create(world, admin).status == 409
    assert len(world.every("/msp/organizations", admin)) == 2


def test_another_msp_may_have_a_client_of_this_name(world: World, admin: str) -> None:
    _create(world, admin)
    assert _create(world, world.msp_admin(world.msp("Other"))).status == 201


def test_a_name_is_free_after_a_renaming_and_taken_by_one(world: World, admin: str) -> None:
    org = _create(world, admin).json["org_id"]
    assert world.patch(f"/msp/organizations/{org}", admin, {"name": "Globex"}).status == 200
    assert _create(world, admin, "globex").status == 409
    assert _create(world, admin).status == 201


def test_a_client_is_not_renamed_to_another_unawares(world: World, admin: str) -> None:
    first = _create(world, admin).json["org_id"]
    other = _create(world, admin, "Globex").json["org_id"]
    path = f"/msp/organizations/{other}"
    refused = world.patch(path, admin, {"name": "ACME Industries"})
    assert (refused.status, refused.json["code"], refused.json["org_id"]) == (409, "name_taken", first)
    assert world.patch(path, admin, {"name": "ACME Industries", "same_name": True}).status == 200
    # Its own name in other letters is no other's.
    assert (
        world.patch(f"/msp/organizations/{first}", admin, {"name": "acme industries", "same_name": True}).status == 200
    )
    lonely = _create(world, admin, "Initech").json["org_id"]
    assert world.patch(f"/msp/organizations/{lonely}", admin, {"name": "INITECH"}).status == 200


def _creating_between(world: World, admin: str, monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """Once somebody has read who has a name, another client of that name is created. Gives the answer to that."""
    read = store.taker_of_name
    others: list[Answer] = []

    def read_before_the_other(*given: str) -> Any:
        monkeypatch.setattr(store, "taker_of_name", read)
        found = read(*given)
        others.append(_create(world, admin))
        return found

    monkeypatch.setattr(store, "taker_of_name", read_before_the_other)
    return others


def test_of_two_that_get_a_name_at_the_same_moment_one_does(
    world: World, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = _create(world, admin, "Globex").json["org_id"]
    others = _creating_between(world, admin, monkeypatch)
    renamed = world.patch(f"/msp/organizations/{org}", admin, {"name": "Acme Industries"})
    assert (renamed.status, renamed.json["code"], others[0].status) == (409, "name_taken", 201)


def test_of_two_at_the_same_moment_one_is_made(world: World, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    others = _creating_between(world, admin, monkeypatch)
    assert (_create(world, admin).status, others[0].status) == (409, 201)
    assert len(world.every("/msp/organizations", admin)) == 1


def test_a_client_that_holds_nothing_can_be_deleted(world: World, msp: str, admin: str) -> None:
    org = _create(world, admin).json["org_id"]
    path = f"/msp/organizations/{org}"
    access = {"course_ids": [world.course(msp)], "reply_to": "a@acme.example"}
    assert world.put(f"{path}/training-access", admin, access).status == 200
    assert world.delete(path, admin).status == 204
    assert world.every("/msp/organizations", admin) == []
    assert world.delete(path, admin).status == 404
    assert world.get(f"/orgs/{org}", admin).status == 404
    # Its name is free again.
    assert _create(world, admin).status == 201


@pytest.mark.parametrize("what", ["people", "groups", "departments", "locations", "admins"])
def test_a_client_that_holds_something_says_what(world: World, msp: str, admin: str, what: str) -> None:
    org = world.org(msp)
    {
        "people": lambda: world.member(org, status="archived"),
        "groups": lambda: world.group(org),
        "departments": lambda: world.department(org),
        "locations": lambda: world.location(org),
        "admins": lambda: world.org_admin(org),
    }[what]()
    before = world.dump("core")
    answer = world.delete(f"/msp/organizations/{org}", admin)
    assert (answer.status, answer.json["code"], answer.json["used_by"]) == (409, "in_use", [what])
    assert world.dump("core") == before


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        ("EST", "America/New_York"),
        ("MST", "America/Denver"),
        ("Etc/GMT+5", "America/New_York"),
        ("Etc/GMT-1", "Europe/Berlin"),
        # West of Greenwich, whatever the sign says.
        ("Etc/GMT+1", "Atlantic/Azores"),
        ("Etc/GMT-6", "Asia/Dhaka"),
        # London's clocks change.
        ("GMT", "Europe/London"),
        ("Etc/GMT0", "Europe/London"),
    ],
)
def test_a_zone_without_summer_time_is_refused_and_the_right_one_proposed(
    world: World, admin: str, zone: str, place: str
) -> None:
    answer = world.post("/msp/organizations", admin, {"name": "Acme", "time_zone": zone})
    (error,) = answer.json["errors"]
    assert (answer.status, error["field"], error["code"]) == (422, "time_zone", "no_summer_time")
    assert error["message"] == f"{zone} doesn't follow summer time. Use a place, such as {place}."
    assert world.post("/msp/organizations", admin, {"name": "Acme", "time_zone": place}).status == 201
