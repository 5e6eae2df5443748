"""O2: advanced search. A page, a number and ids of whoever matches a filter, and nobody else."""

import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.people.search import search as searching
from chalicelib.people.search import service, sources
from chalicelib.people.search.schemas import Filter
from chalicelib.people.search.search import Search, criteria_of
from tests.harness import World
from tests.stories.driver import Driver

ON_ROSTERS = ("prospect", "pending", "active")


@pytest.fixture
def org(world: World, driver: Driver) -> str:
    return world.org(driver.msp, courses=[])


@pytest.fixture
def admin(world: World, org: str) -> str:
    return world.org_admin(org)


def found(world: World, org: str, caller: str, body: Mapping[str, Any], query: str = "") -> list[str]:
    """Ids over all pages; the number is that of the ids."""
    ids, cursor = [], ""
    while True:
        answer = world.post(f"/orgs/{org}/members/search?{query}{cursor}", caller, dict(body))
        assert answer.status == 200, answer.text
        ids += [item["member_id"] for item in answer.json["items"]]
        if answer.json["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.json['next_cursor']}"
    assert len(set(ids)) == len(ids)
    assert answer.json["num_matching"] == len(ids)
    return sorted(ids)


# Kinds


def test_kinds_narrow_and_values_of_one_kind_widen(world: World, org: str, admin: str) -> None:
    one, two = world.group(org), world.group(org)
    hall = world.location(org)
    top = world.department(org)
    below = world.department(org, parent_id=top)
    ann = world.member(org, [one], department_id=below, location_id=hall, fields={"job_title": "Nurse", "floor": "2"})
    bob = world.member(org, [two], department_id=top, fields={"job_title": "nurse"})
    cleo = world.member(org, [one, two], status="pending", fields={"job_title": "Cook", "floor": "2"})
    gone = world.member(org, [one], status="archived", department_id=top)
    everybody = sorted([ann, bob, cleo, gone])
    for body, matching in (
        ({}, everybody),
        ({"group_ids": [one]}, [ann, cleo]),
        ({"group_ids": [one, two]}, [ann, bob, cleo]),
        ({"group_ids": [one], "statuses": ["active"]}, [ann]),
        ({"group_ids": [one], "statuses": ["archived"]}, []),
        ({"statuses": ["archived", "pending"]}, [cleo, gone]),
        ({"statuses": ["active"]}, [ann, bob]),
        ({"department_ids": [top]}, [ann, bob]),
        ({"department_ids": [below]}, [ann]),
        ({"department_ids": [top], "group_ids": [two]}, [bob]),
        ({"location_ids": [hall]}, [ann]),
        ({"fields": {"job_title": ["NURSE"]}}, [ann, bob]),
        ({"fields": {"job_title": ["nurse", "cook"], "floor": ["2"]}}, [ann, cleo]),
        ({"fields": {"job_title": [], "floor": ["2"]}}, [ann, cleo]),
        ({"fields": {"job_title": ["Nurse"]}, "also": [gone], "without": [bob]}, [ann, gone]),
        ({"group_ids": [one], "also": [bob], "without": [bob, ann]}, [cleo]),
        ({"group_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"], "also": [bob]}, [bob]),
        ({"department_ids": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}, []),
    ):
        assert found(world, org, admin, body) == sorted(matching), body


def test_any_start_is_found_as_the_directory_s_own_search_finds_it(world: World, org: str, admin: str) -> None:
    world.member(org, first_name="Ana", last_name="Núñez", email="ana@x.example")
    world.member(org, first_name="Nun", last_name="Ore", email="no@x.example")
    world.member(org, status="pending", first_name="Nuno", last_name="Hidden", email="h@x.example")
    world.member(org, first_name="Kim", last_name="Lee", email="nun@x.example")
    for start in ("nun", "NÚÑ", "núñez", "ana nú", "nun@", "h@", "hidden", "zzz"):
        listed = [one["member_id"] for one in world.every(f"/orgs/{org}/members?search={quote(start)}", admin)]
        assert found(world, org, admin, {"starts_with": {"any": start}}) == sorted(listed), start
    # The index has words without their accents: whoever types them is found by them all the same.
    assert len(found(world, org, admin, {"starts_with": {"name": "núñ"}})) == 1


def test_starts_of_name_address_and_login_are_of_their_own_kind(world: World, org: str, admin: str) -> None:
    ann = world.member(org, first_name="Ann", last_name="Lee", email="lee.ann@example.com", login_name="alee")
    lee = world.member(org, first_name="Lee", last_name="Kahn", email="kahn@example.com")
    hidden = world.member(org, status="pending", first_name="Ann", last_name="Lee", email="anna@example.com")
    for starts, matching in (
        ({"name": "lee"}, [ann, lee]),
        ({"name": "ANN LE"}, [ann]),
        ({"email": "lee"}, [ann]),
        ({"email": "ann"}, [hidden]),
        ({"login": "al"}, [ann]),
        ({"name": "lee", "email": "kahn"}, [lee]),
        ({"name": "nn"}, []),
        ({"name": " "}, [ann, lee, hidden]),
    ):
        assert found(world, org, admin, {"starts_with": starts}) == sorted(matching), starts


# What narrows is read; anything else is checked: every way gives the same people


def _random_people(world: World, org: str, dice: random.Random) -> dict[str, dict[str, Any]]:
    groups = [world.group(org) for _ in range(3)]
    halls = [world.location(org) for _ in range(2)]
    roots = [world.department(org) for _ in range(2)]
    nodes = roots + [world.department(org, parent_id=root) for root in roots]
    people = {}
    for number in range(40):
        given: dict[str, Any] = {
            "groups": dice.sample(groups, dice.randrange(3)),
            "status": dice.choice([*ON_ROSTERS, "active", "active", "archived"]),
            "department_id": dice.choice([*nodes, None]),
            "location_id": dice.choice([*halls, None]),
            "fields": dice.choice([{}, {"job": "Nurse"}, {"job": "cook"}]),
            "first_name": dice.choice(["Ann", "Anna", "Bob"]),
            "last_name": "Lee",
            "email": f"{dice.choice('ab')}{number}@example.com",
        }
        people[world.member(org, **given)] = given
    parents = {node: {node} for node in roots}
    parents |= {node: {node, root} for node, root in zip(nodes[2:], roots, strict=True)}
    return people | {"": {"groups": groups, "halls": halls, "nodes": nodes, "parents": parents}}


def _random_filter(dice: random.Random, units: Mapping[str, Any], ids: list[str]) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "department_ids": dice.sample(units["nodes"], dice.randrange(1, 3)),
        "group_ids": dice.sample(units["groups"], dice.randrange(1, 3)),
        "location_ids": [dice.choice(units["halls"])],
        "statuses": dice.sample(["active", "pending", "archived"], dice.randrange(1, 3)),
        "fields": {"job": [dice.choice(["nurse", "Cook"])]},
        "starts_with": {dice.choice(["name", "email"]): dice.choice(["a", "ann", "b"])},
        "also": dice.sample(ids, 3),
        "without": dice.sample(ids, 3),
    }
    return {name: kinds[name] for name in dice.sample(sorted(kinds), dice.randrange(4))}


def _matches(
    person: Mapping[str, Any], member: str, asked: Mapping[str, Any], parents: Mapping[Any, set[str]], within: Any
) -> bool:
    """The rule of the interface, as plainly as can be."""
    placed = person["status"] in ON_ROSTERS
    path = parents.get(person["department_id"], set()) if placed else set()
    if member in asked.get("without", ()) or (within is not None and not path & within):
        return False
    if member in asked.get("also", ()):
        return True
    if "statuses" in asked and person["status"] not in asked["statuses"]:
        return False
    if "group_ids" in asked and not (placed and set(person["groups"]) & set(asked["group_ids"])):
        return False
    if "department_ids" in asked and not path & set(asked["department_ids"]):
        return False
    if "location_ids" in asked and not (placed and person["location_id"] in asked["location_ids"]):
        return False
    if "fields" in asked and person["fields"].get("job", "").lower() != asked["fields"]["job"][0].lower():
        return False
    starts = asked.get("starts_with", {})
    shown = f"{person['first_name']} Lee".lower() if person["status"] in ("active", "archived") else ""
    if not (shown.startswith(starts.get("name", "")) or "lee".startswith(starts.get("name", "a"))):
        return False
    return bool(person["email"].startswith(starts.get("email", "")))


@pytest.mark.parametrize("few", [2000, 3])
def test_whatever_is_read_the_people_are_those_of_the_rule(
    world: World, org: str, admin: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(sources, "FEW", few)
    monkeypatch.setattr(sources, "PER_READ", 7)
    monkeypatch.setattr(searching, "PER_READ", 7)
    dice = random.Random(few)
    people = _random_people(world, org, dice)
    units, ids = people.pop(""), sorted(people)
    limited = world.org_admin(org, role="department_admin", department_ids=[units["nodes"][0]])
    num_found = 0
    for _ in range(60):
        asked = _random_filter(dice, units, ids)
        for caller, within in ((admin, None), (limited, {units["nodes"][0]})):
            wanted = [one for one in ids if _matches(people[one], one, asked, units["parents"], within)]
            assert found(world, org, caller, asked, f"limit={dice.choice([1, 5, 100])}") == wanted, asked
            search = Search(org, criteria_of(org, Filter.model_validate(asked), within, only_active=True))
            active = [one for one in wanted if people[one]["status"] == "active"]
            assert list(search.member_ids()) == active, asked
            some = [one for one in active if ids[9] < one <= ids[30]]
            assert list(search.member_ids(ids[9], ids[30])) == some, asked
            stored = type(search.criteria).from_json(search.criteria.as_json())
            assert list(Search(org, stored).member_ids()) == active, asked
            num_found += len(wanted)
    assert num_found > 300


# Numbers


def test_a_number_that_takes_long_is_counted_by_a_job(
    world: World, driver: Driver, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_LOOKS", 5)
    monkeypatch.setattr(service, "_LOOKS_PER_MESSAGE", 4)
    world.members(org, 17, fields={"job": "Nurse"})
    world.members(org, 3, fields={"job": "Cook"})
    path, body = f"/orgs/{org}/members/search?limit=3", {"fields": {"job": ["nurse"]}}
    first = world.post(path, admin, body).json
    assert (first["num_matching"], len(first["items"])) == (None, 3)
    asked = f"/orgs/{org}/searches/{first['search_id']}"
    assert world.get(asked, admin).json == {
        "search_id": first["search_id"], "status": "counting", "num_matching": None,
    }  # fmt: skip
    second = world.post(f"{path}&cursor={first['next_cursor']}", admin, body).json
    assert (second["num_matching"], second["search_id"]) == (None, first["search_id"])
    assert driver.work() == 5
    assert world.get(asked, admin).json["num_matching"] == 17
    # Another page begins no other count, who reaches other people does not see it, and it lives an hour.
    assert world.messages() == []
    limited = world.org_admin(org, role="department_admin", department_ids=[world.department(org)])
    assert world.get(asked, limited).status == 404
    world.now = world.now.replace(hour=11)
    assert world.get(asked, admin).status == 404


def test_a_count_that_was_lost_or_comes_twice_ends_with_the_same_number(
    world: World, driver: Driver, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_LOOKS", 1)
    monkeypatch.setattr(service, "_LOOKS_PER_MESSAGE", 4)
    world.members(org, 9, fields={"job": "Nurse"})
    answer = world.post(f"/orgs/{org}/members/search", admin, {"fields": {"job": ["nurse"]}}).json
    (lost,) = world.messages()
    driver.past_grace()
    assert driver.sweep() == 3
    driver.deliver([lost, lost])
    assert driver.work() == 0
    assert world.get(f"/orgs/{org}/searches/{answer['search_id']}", admin).json["num_matching"] == 9


def test_counting_ends_at_ten_thousand(
    world: World, driver: Driver, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (searching, service):
        monkeypatch.setattr(module, "MAX_COUNT", 4)
    group = world.group(org)
    world.members(org, 6, [group])
    path = f"/orgs/{org}/members/search"
    assert world.post(path, admin, {"group_ids": [group]}).json["num_matching"] == "10000+"
    assert world.post(path, admin, {"fields": {"job": [""]}}).json["num_matching"] == "10000+"


# Requests that are wrong


@pytest.mark.parametrize(
    "body",
    [
        {"statuses": ["asleep"]},
        {"colour": ["red"]},
        {"group_ids": ["a", "a"]},
        {"group_ids": [f"g{k}" for k in range(101)]},
        {"also": [f"m{k}" for k in range(1001)]},
        {"fields": {"": ["x"]}},
        {"starts_with": {"nickname": "a"}},
        {"filter_id": "f", "group_ids": []},
        {"filter_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    ],
)
def test_a_wrong_filter_is_refused(world: World, org: str, admin: str, body: dict[str, Any]) -> None:
    assert world.post(f"/orgs/{org}/members/search", admin, body).status == 422


def test_a_cursor_is_of_its_filter(world: World, org: str, admin: str) -> None:
    world.members(org, 3)
    cursor = world.post(f"/orgs/{org}/members/search?limit=1", admin, {}).json["next_cursor"]
    other = world.post(f"/orgs/{org}/members/search?limit=1&cursor={cursor}", admin, {"statuses": ["active"]})
    assert other.status == 422


# Filters that are kept


def test_a_filter_is_kept_and_used_under_its_id(world: World, org: str, admin: str) -> None:
    group = world.group(org)
    ann, bob = world.member(org, [group]), world.member(org)
    made = world.post(f"/orgs/{org}/filters", admin, {"name": "Team", "filter": {"group_ids": [group]}})
    assert made.status == 201, made.text
    kept = made.json["filter_id"]
    assert found(world, org, admin, {"filter_id": kept}) == [ann]
    path = f"/orgs/{org}/filters/{kept}"
    changed = world.patch(path, admin, {"filter": {"also": [ann], "group_ids": ["none"]}, "name": "Ann"})
    assert (changed.status, changed.json["name"], changed.json["filter"]["also"]) == (200, "Ann", [ann])
    assert found(world, org, admin, {"filter_id": kept}) == [ann]
    assert [item["name"] for item in world.get(f"/orgs/{org}/filters", admin).json["items"]] == ["Ann"]
    assert world.delete(path, admin).status == 204
    assert world.post(f"/orgs/{org}/members/search", admin, {"filter_id": kept}).status == 422
    assert world.delete(path, admin).status == 404
    assert bob not in changed.text
    assert [entry["action"] for entry in world.get(f"/orgs/{org}/audit", admin).json["items"]] == [
        "filter.deleted", "filter.changed", "filter.created",
    ]  # fmt: skip


def test_names_of_filters_are_unique_for_each_admin(world: World, org: str, admin: str) -> None:
    path, other = f"/orgs/{org}/filters", world.org_admin(org)
    first = world.post(path, admin, {"name": "Team", "filter": {}}, headers={"Idempotency-Key": "k"})
    again = world.post(path, admin, {"name": "Team", "filter": {}}, headers={"Idempotency-Key": "k"})
    assert (first.status, again.json) == (201, first.json)
    taken = world.post(path, admin, {"name": "Team", "filter": {}})
    assert (taken.status, taken.json["code"]) == (409, "name_taken")
    assert world.post(path, other, {"name": "Team", "filter": {}}).status == 201
    second = world.post(path, admin, {"name": "Other", "filter": {}}).json["filter_id"]
    assert world.patch(f"{path}/{second}", admin, {"name": "Team"}).status == 409
    assert world.patch(f"{path}/{second}", admin, {"name": "Other"}).status == 200


def test_who_is_limited_sees_their_own_filters_and_finds_their_own_people(world: World, org: str, admin: str) -> None:
    mine, elsewhere = world.department(org), world.department(org)
    ann, bob = world.member(org, department_id=mine), world.member(org, department_id=elsewhere)
    limited = world.org_admin(org, role="department_admin", department_ids=[mine])
    path = f"/orgs/{org}/filters"
    theirs = world.post(path, admin, {"name": "Bob", "filter": {"also": [bob]}}).json["filter_id"]
    own = world.post(path, limited, {"name": "All", "filter": {"also": [bob]}}).json["filter_id"]
    assert [item["filter_id"] for item in world.get(path, limited).json["items"]] == [own]
    assert world.post(f"/orgs/{org}/members/search", limited, {"filter_id": theirs}).status == 422
    assert found(world, org, limited, {"filter_id": own}) == [ann]
    assert found(world, org, admin, {"filter_id": own}) == [ann, bob]
    assert world.patch(f"{path}/{theirs}", limited, {"name": "Mine"}).status == 404
    assert world.delete(f"{path}/{theirs}", limited).status == 404
    # An admin of the whole organization changes everybody's; who may only read people changes their own.
    reader = world.org_admin(org, role="custom", permissions=["members_read"])
    assert world.patch(f"{path}/{own}", reader, {"name": "Mine"}).status == 403
    assert world.patch(f"{path}/{own}", admin, {"name": "Renamed"}).status == 200


def test_who_moves_from_one_department_to_another_meanwhile_is_not_missed(
    world: World, org: str, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = world.department(org)
    left, right = world.department(org, parent_id=top), world.department(org, parent_id=top)
    people = [world.member(org, department_id=department) for department in (right, right, left, left)]
    monkeypatch.setattr(searching, "_PER_MEGABYTE", 1)
    search = Search(org, criteria_of(org, Filter(department_ids=[top]), None, only_active=True))
    found = []
    for member in search.member_ids():
        found.append(member)
        # Whoever is not seen yet changes sides.
        for other, department in zip(people[len(found) :], [left, right, left], strict=False):
            body = {"department_id": right if department == left else left}
            assert world.patch(f"/orgs/{org}/members/{other}", admin, body).status == 200
    assert found == people
