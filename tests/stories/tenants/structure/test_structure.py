"""F5: groups, departments and locations."""

from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def org(world: World, msp: str) -> str:
    return world.org(msp, courses=[])


@pytest.fixture
def admin(world: World, org: str) -> str:
    return world.org_admin(org)


# Groups


def test_a_group_is_created_changed_listed_and_deleted(world: World, msp: str, org: str, admin: str) -> None:
    course = world.course(msp)
    made = world.post(f"/orgs/{org}/groups", admin, {"name": "Finance", "course_ids": [course]})
    group_id = made.json["group_id"]
    assert (made.status, made.json) == (201, {"group_id": group_id, "name": "Finance", "course_ids": [course]})
    changed = world.patch(f"/orgs/{org}/groups/{group_id}", admin, {"name": "Accounting", "course_ids": []})
    assert (changed.status, changed.json) == (200, {"group_id": group_id, "name": "Accounting", "course_ids": []})
    assert world.get(f"/orgs/{org}/groups", admin).json == {"items": [changed.json], "next_cursor": None}
    assert world.delete(f"/orgs/{org}/groups/{group_id}", admin).status == 204
    assert world.every(f"/orgs/{org}/groups", admin) == []
    assert world.delete(f"/orgs/{org}/groups/{group_id}", admin).status == 404


def test_group_names_are_unique_and_letter_case_and_spaces_count(world: World, org: str, admin: str) -> None:
    for name in ("Finance", "finance", "Finance ", "Fin#ance"):
        assert world.post(f"/orgs/{org}/groups", admin, {"name": name}).status == 201
    taken = world.post(f"/orgs/{org}/groups", admin, {"name": "finance"})
    assert (taken.status, taken.json["code"], taken.json["errors"][0]["field"]) == (409, "name_taken", "name")
    assert len(world.every(f"/orgs/{org}/groups", admin)) == 4


def test_a_group_name_becomes_free_by_renaming_and_by_deletion(world: World, org: str, admin: str) -> None:
    first = world.group(org, "Finance")
    second = world.group(org, "Sales")
    assert world.patch(f"/orgs/{org}/groups/{first}", admin, {"name": "Sales"}).json["code"] == "name_taken"
    assert world.patch(f"/orgs/{org}/groups/{first}", admin, {"name": "Accounting"}).status == 200
    assert world.patch(f"/orgs/{org}/groups/{second}", admin, {"name": "Finance"}).status == 200
    assert world.delete(f"/orgs/{org}/groups/{second}", admin).status == 204
    assert world.post(f"/orgs/{org}/groups", admin, {"name": "Finance"}).status == 201


def test_the_same_group_name_is_free_in_another_organization(world: World, msp: str, org: str, admin: str) -> None:
    world.group(world.org(msp), "Finance")
    assert world.post(f"/orgs/{org}/groups", admin, {"name": "Finance"}).status == 201


def test_only_courses_of_the_library_can_be_attached(world: World, msp: str, org: str, admin: str) -> None:
    known, foreign = world.course(msp), world.course(world.msp("Other"))
    refused = world.post(f"/orgs/{org}/groups", admin, {"name": "Finance", "course_ids": [known, foreign]})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "course_ids.1")
    group = world.group(org, "Sales", [known])
    refused = world.patch(f"/orgs/{org}/groups/{group}", admin, {"course_ids": [foreign]})
    assert refused.json["errors"][0]["code"] == "unknown_course"
    assert world.every(f"/orgs/{org}/groups", admin)[0]["course_ids"] == [known]


@pytest.mark.parametrize("kind", ["groups", "departments", "locations"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": None}, "name"),
        ({"name": "Fine", "extra": 1}, "extra"),
    ],
)
def test_wrong_fields_are_refused(
    world: World, org: str, admin: str, kind: str, body: dict[str, Any], field: str
) -> None:
    answer = world.post(f"/orgs/{org}/{kind}", admin, body)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
    assert world.every(f"/orgs/{org}/{kind}", admin) == []


@pytest.mark.parametrize("kind", ["groups", "departments", "locations"])
def test_long_lists_come_in_pages_and_each_item_once(world: World, org: str, admin: str, kind: str) -> None:
    made = [world.post(f"/orgs/{org}/{kind}", admin, {"name": f"Number {number}"}).json for number in range(5)]
    listed = world.every(f"/orgs/{org}/{kind}?limit=2", admin)
    key = f"{kind[:-1]}_id"
    assert sorted(listed, key=lambda one: one[key]) == sorted(made, key=lambda one: one[key])


@pytest.mark.parametrize("kind", ["groups", "departments", "locations"])
def test_a_longest_name_in_the_widest_letters_fits(world: World, org: str, admin: str, kind: str) -> None:
    assert world.post(f"/orgs/{org}/{kind}", admin, {"name": "🦉" * 200}).status == 201


# In use


@pytest.mark.parametrize(
    ("status", "use"), [("active", "members"), ("prospect", "open invitations"), ("pending", "open invitations")]
)
def test_what_members_are_in_is_not_deleted(world: World, org: str, admin: str, status: str, use: str) -> None:
    group, department, location = world.group(org), world.department(org), world.location(org)
    world.member(org, [group], status, department_id=department, location_id=location)
    for path in (f"groups/{group}", f"departments/{department}", f"locations/{location}"):
        refused = world.delete(f"/orgs/{org}/{path}", admin)
        assert (refused.status, refused.json["code"], refused.json["used_by"]) == (409, "in_use", [use])
        assert use in refused.json["detail"]


def test_what_only_former_members_were_in_can_be_deleted(world: World, org: str, admin: str) -> None:
    group = world.group(org)
    for status in ("archived", "declined", "cancelled"):
        world.member(org, [group], status)
    assert world.delete(f"/orgs/{org}/groups/{group}", admin).status == 204


def test_a_department_with_departments_below_is_not_deleted(world: World, org: str, admin: str) -> None:
    top = world.post(f"/orgs/{org}/departments", admin, {"name": "Top"}).json["department_id"]
    body = {"name": "Below", "parent_id": top}
    below = world.post(f"/orgs/{org}/departments", admin, body).json["department_id"]
    refused = world.delete(f"/orgs/{org}/departments/{top}", admin)
    assert (refused.status, refused.json["used_by"]) == (409, ["departments below it"])
    assert world.delete(f"/orgs/{org}/departments/{below}", admin).status == 204
    assert world.delete(f"/orgs/{org}/departments/{top}", admin).status == 204


# The tree of departments


def test_a_department_knows_all_above_it(world: World, org: str, admin: str) -> None:
    top = _make(world, org, admin, "Company").json
    middle = _make(world, org, admin, "Sales", top["department_id"]).json
    low = _make(world, org, admin, "North", middle["department_id"]).json
    assert low["path"] == [top["department_id"], middle["department_id"], low["department_id"]]
    assert (top["parent_id"], low["parent_id"]) == (None, middle["department_id"])


def test_a_move_takes_everything_below_along(world: World, org: str, admin: str) -> None:
    old, new = world.department(org, "Old"), world.department(org, "New")
    moved = world.department(org, "Moved", old)
    below = world.department(org, "Below", moved)
    lowest = world.department(org, "Lowest", below)
    beside = world.department(org, "Beside", old)
    answer = world.patch(f"/orgs/{org}/departments/{moved}", admin, {"parent_id": new})
    assert (answer.status, answer.json["path"]) == (200, [new, moved])
    paths = _paths(world, org, admin)
    assert paths[below] == [new, moved, below]
    assert paths[lowest] == [new, moved, below, lowest]
    assert paths[beside] == [old, beside]
    assert world.delete(f"/orgs/{org}/departments/{beside}", admin).status == 204
    assert world.delete(f"/orgs/{org}/departments/{old}", admin).status == 204
    assert world.delete(f"/orgs/{org}/departments/{new}", admin).json["code"] == "in_use"


def test_a_department_becomes_a_root_by_null(world: World, org: str, admin: str) -> None:
    top = world.department(org, "Top")
    moved = world.department(org, "Moved", top)
    below = world.department(org, "Below", moved)
    answer = world.patch(f"/orgs/{org}/departments/{moved}", admin, {"parent_id": None})
    assert (answer.json["parent_id"], answer.json["path"]) == (None, [moved])
    assert _paths(world, org, admin)[below] == [moved, below]


def test_a_renamed_department_stays_where_it_is(world: World, org: str, admin: str) -> None:
    top = world.department(org, "Top")
    low = world.department(org, "Low", top)
    answer = world.patch(f"/orgs/{org}/departments/{low}", admin, {"name": "Lower"})
    assert (answer.json["name"], answer.json["path"]) == ("Lower", [top, low])


def test_a_department_cannot_come_below_itself(world: World, org: str, admin: str) -> None:
    top = world.department(org, "Top")
    middle = world.department(org, "Middle", top)
    low = world.department(org, "Low", middle)
    before = world.dump("core")
    for parent in (top, middle, low):
        refused = world.patch(f"/orgs/{org}/departments/{top}", admin, {"parent_id": parent})
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, "cycle")
    assert world.dump("core") == before


def test_departments_are_ten_levels_deep_at_most(world: World, org: str, admin: str) -> None:
    levels: list[str] = []
    for number in range(10):
        levels.append(world.department(org, f"Level {number}", levels[-1] if levels else None))
    refused = _make(world, org, admin, "Eleventh", levels[-1])
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "too_deep")
    other = world.department(org, "Other")
    refused = world.patch(f"/orgs/{org}/departments/{levels[0]}", admin, {"parent_id": other})
    assert refused.json["errors"][0]["code"] == "too_deep"
    assert world.patch(f"/orgs/{org}/departments/{levels[1]}", admin, {"parent_id": other}).status == 200


def test_ninety_departments_move_with_their_parent_and_more_are_refused(world: World, org: str, admin: str) -> None:
    moved, new = world.department(org, "Moved"), world.department(org, "New")
    for number in range(90):
        world.department(org, f"Below {number}", moved)
    assert world.patch(f"/orgs/{org}/departments/{moved}", admin, {"parent_id": new}).status == 200
    assert all(path[0] == new for path in _paths(world, org, admin).values())
    world.department(org, "One more", moved)
    before = world.dump("core")
    refused = world.patch(f"/orgs/{org}/departments/{moved}", admin, {"parent_id": None})
    assert (refused.status, refused.json["code"]) == (409, "too_many_below")
    assert "90" in refused.json["detail"]
    assert world.dump("core") == before


def test_department_names_are_unique_among_siblings_only(world: World, org: str, admin: str) -> None:
    first, second = world.department(org, "First"), world.department(org, "Second")
    sales = _make(world, org, admin, "Sales", first).json["department_id"]
    assert _make(world, org, admin, "Sales", first).json["code"] == "name_taken"
    assert _make(world, org, admin, "Sales", second).status == 201
    assert _make(world, org, admin, "Sales").status == 201
    refused = world.patch(f"/orgs/{org}/departments/{sales}", admin, {"parent_id": second})
    assert (refused.status, refused.json["code"]) == (409, "name_taken")
    both = {"parent_id": second, "name": "Sales North"}
    assert world.patch(f"/orgs/{org}/departments/{sales}", admin, both).status == 200
    assert _make(world, org, admin, "Sales", first).status == 201


def test_a_parent_must_exist_here(world: World, msp: str, org: str, admin: str) -> None:
    foreign = world.department(world.org(msp), "Foreign")
    mine = world.department(org, "Mine")
    for parent in (NOBODY, foreign):
        refused = _make(world, org, admin, "Sales", parent)
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "parent_id")
        refused = world.patch(f"/orgs/{org}/departments/{mine}", admin, {"parent_id": parent})
        assert refused.json["errors"][0]["code"] == "unknown_department"


# Locations


def test_a_location_is_created_renamed_listed_and_deleted(world: World, org: str, admin: str) -> None:
    made = world.post(f"/orgs/{org}/locations", admin, {"name": "Berlin"}).json
    assert world.post(f"/orgs/{org}/locations", admin, {"name": "Berlin"}).json["code"] == "name_taken"
    path = f"/orgs/{org}/locations/{made['location_id']}"
    assert world.patch(path, admin, {"name": "Potsdam"}).json == {**made, "name": "Potsdam"}
    assert world.every(f"/orgs/{org}/locations", admin) == [{**made, "name": "Potsdam"}]
    assert world.delete(path, admin).status == 204
    assert world.patch(path, admin, {"name": "Bonn"}).status == 404


# Who may


@pytest.mark.parametrize("kind", ["groups", "departments", "locations"])
def test_another_organization_s_structure_is_not_there(world: World, msp: str, org: str, kind: str) -> None:
    make = {"groups": world.group, "departments": world.department, "locations": world.location}[kind]
    thing = make(org, "Mine")
    other = world.org(msp)
    stranger = world.org_admin(other)
    before = world.dump("core")
    assert world.get(f"/orgs/{org}/{kind}", stranger).status == 404
    assert world.post(f"/orgs/{org}/{kind}", stranger, {"name": "Theirs"}).status == 404
    assert world.patch(f"/orgs/{org}/{kind}/{thing}", stranger, {"name": "Theirs"}).status == 404
    assert world.delete(f"/orgs/{org}/{kind}/{thing}", stranger).status == 404
    assert world.patch(f"/orgs/{other}/{kind}/{thing}", stranger, {"name": "Theirs"}).status == 404
    assert world.delete(f"/orgs/{other}/{kind}/{thing}", stranger).status == 404
    assert world.every(f"/orgs/{other}/{kind}", stranger) == []
    assert world.dump("core") == before


def test_a_role_without_the_permission_is_refused(world: World, org: str) -> None:
    department = world.department(org)
    for account in (
        world.learner(org)[0],
        world.org_admin(org, role="department_admin", department_ids=[department]),
        world.org_admin(org, role="custom", permissions=["members_read"]),
        world.org_admin(org, role="custom", permissions=["structure"], department_ids=[department]),
    ):
        assert world.post(f"/orgs/{org}/groups", account, {"name": "Mine"}).status == 403
    chosen = world.org_admin(org, role="custom", permissions=["structure"])
    assert world.post(f"/orgs/{org}/groups", chosen, {"name": "Mine"}).status == 201


def _make(world: World, org: str, admin: str, name: str, parent_id: str | None = None) -> Answer:
    return world.post(f"/orgs/{org}/departments", admin, {"name": name, "parent_id": parent_id})


def _paths(world: World, org: str, admin: str) -> dict[str, list[str]]:
    return {one["department_id"]: one["path"] for one in world.every(f"/orgs/{org}/departments", admin)}
