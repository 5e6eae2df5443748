"""Changing a member: groups and what follows from them, department, location, profile, names; and who may."""

from typing import Any

import pytest

from chalicelib.tenants.access.states import Permission
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.group_members import Client

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def at(driver: Driver, course: str) -> Client:
    return Client(driver, course)


def _patch(at: Client, member: str, as_: str | None = None, **changes: Any) -> Answer:
    return at.world.patch(f"/orgs/{at.org}/members/{member}", as_ or at.driver.admin, changes)


def _found(at: Client, query: str) -> list[str]:
    return [one["member_id"] for one in at.world.every(f"/orgs/{at.org}/members?{query}", at.driver.admin)]


def test_who_is_added_to_a_group_gets_its_courses_and_keeps_them_on_leaving(at: Client, world: World) -> None:
    group, other = at.group(), world.group(at.org)
    member = world.member(at.org, [other])
    answer = _patch(at, member, group_ids=[group])
    assert (answer.status, answer.json["group_ids"]) == (200, [group])
    at.driver.work()
    assert at.driver.enrolled(at.org, at.course) == {member}
    assert (_found(at, f"group_id={group}"), _found(at, f"group_id={other}")) == ([member], [])
    assert _patch(at, member, group_ids=[]).status == 200
    at.driver.work()
    assert at.driver.enrollments(at.org, member)[0]["status"] == "enrolled"
    # Added once more, they hold the course already; that they left the group meanwhile changes nothing.
    assert _patch(at, member, group_ids=[group]).status == 200
    at.driver.work()
    assert at.numbers(group) == ("enrolled", 1, 1, 0, 0, 0)
    at.quiet()


def test_a_group_that_a_member_was_in_before_does_not_enroll_them_again(at: Client, world: World) -> None:
    old, new = at.group(), world.group(at.org)
    member = world.member(at.org, [old])
    assert _patch(at, member, group_ids=[old, new]).status == 200
    at.driver.work()
    assert at.driver.enrolled(at.org, at.course) == set()


def test_who_has_not_accepted_changes_groups_without_being_enrolled(at: Client, world: World) -> None:
    group = at.group()
    member = world.member(at.org, [], "pending")
    assert _patch(at, member, group_ids=[group]).status == 200
    assert at.driver.work() == 0
    assert _found(at, f"group_id={group}") == [member]


def test_department_location_profile_and_names_change_with_rosters_and_search(at: Client, world: World) -> None:
    department, location = world.department(at.org), world.location(at.org)
    member = world.member(at.org, first_name="Ann", last_name="Lee", fields={"badge": "7", "team": "A"})
    answer = _patch(
        at, member, department_id=department, location_id=location, first_name="Anna", fields={"badge": "8"}
    )  # fmt: skip
    told = {name: answer.json[name] for name in ("department_id", "location_id", "first_name", "last_name", "fields")}
    assert told == {
        "department_id": department, "location_id": location, "first_name": "Anna", "last_name": "Lee",
        "fields": {"badge": "8"},
    }  # fmt: skip
    for query in (f"department_id={department}", f"location_id={location}", "search=anna", "field.badge=8"):
        assert _found(at, query) == [member], query
    assert _found(at, "search=ann%20lee") == _found(at, "field.team=A") == []
    assert _patch(at, member, department_id=None, location_id=None).status == 200
    assert _found(at, f"department_id={department}") == []


def test_the_audit_trail_keeps_groups_by_id_and_personal_fields_by_name_only(at: Client, world: World) -> None:
    group = at.group()
    member = world.member(at.org, [group])
    _patch(at, member, group_ids=[], first_name="Secret", fields={"badge": "Secret"})
    _patch(at, member, group_ids=[], first_name="Secret")
    (told,) = [one for one in world.every(f"/orgs/{at.org}/audit", at.driver.admin) if "member." in one["action"]]
    assert (told["action"], told["target"]) == ("member.changed", f"member/{member}")
    assert told["before"] == {"group_ids": [group]}
    assert told["after"] == {"group_ids": [], "personal": ["fields", "first_name"]}


def test_a_plan_notices_that_groups_changed(at: Client, world: World) -> None:
    group, member = at.group(), world.member(at.org)
    form = at.driver.form([at.org], [at.course], targeting={"mode": "groups", "group_ids": [group]})
    plan = world.post("/msp/training/preview", at.driver.admin, form).json["plan_id"]
    at.driver.work()
    _patch(at, member, group_ids=[group])
    refused = at.driver.send({**form, "plan_id": plan})
    assert (refused.status, refused.json["code"]) == (409, "plan_changed")


def test_names_of_who_has_not_accepted_are_neither_shown_nor_changed(at: Client, world: World) -> None:
    member = world.member(at.org, status="pending", first_name="Ann")
    refused = _patch(at, member, first_name="Anna")
    assert (refused.status, refused.json["code"]) == (409, "not_accepted")
    answer = _patch(at, member, fields={"badge": "1"})
    assert (answer.status, answer.json["first_name"]) == (200, None)


@pytest.mark.parametrize("status", ["declined", "cancelled", "archived"])
def test_a_person_who_is_no_member_cannot_be_changed(at: Client, world: World, status: str) -> None:
    refused = _patch(at, world.member(at.org, status=status), group_ids=[])
    assert (refused.status, refused.json["code"]) == (409, "not_a_member")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"group_ids": [NOBODY]}, "group_ids.0"),
        ({"department_id": NOBODY}, "department_id"),
        ({"location_id": NOBODY}, "location_id"),
        ({"first_name": "  "}, "first_name"),
        ({"first_name": None}, "first_name"),
        ({"group_ids": ["a", "a"]}, "group_ids"),
        ({"group_ids": [str(number) for number in range(31)]}, "group_ids"),
        ({"fields": {str(number): "x" for number in range(31)}}, "fields"),
        ({"fields": {"badge": "x" * 501}}, "fields.badge"),
        ({"email": "new@example.com"}, "email"),
        ({"status": "archived"}, "status"),
    ],
)
def test_wrong_changes_are_refused_with_the_field_named(
    at: Client, world: World, changes: dict[str, Any], field: str
) -> None:
    member = world.member(at.org)
    before = world.dump("core")
    refused = _patch(at, member, **changes)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, field)
    assert world.dump("core") == before


def test_department_admins_and_custom_roles_change_members_only_within_theirs(at: Client, world: World) -> None:
    sales, legal = world.department(at.org), world.department(at.org)
    below = world.department(at.org, parent_id=sales)
    member, other = world.member(at.org, department_id=sales), world.member(at.org, department_id=legal)
    admin = world.org_admin(at.org, role="department_admin", department_ids=[sales])
    assert _patch(at, member, admin, fields={"a": "b"}).status == 200
    assert _patch(at, other, admin, fields={"a": "b"}).status == 403
    assert _patch(at, member, admin, department_id=legal).status == 403
    own = world.org_admin(at.org, role="custom", department_ids=[sales], permissions=[Permission.MEMBERS.value])
    assert _patch(at, member, own, department_id=below).status == 200
    assert _patch(at, other, own, fields={"a": "b"}).status == 403
    assert _patch(at, member, own, department_id=legal).status == 403
    assert _patch(at, member, own, department_id=None).status == 403
    assert world.get(f"/orgs/{at.org}/members/{member}", at.driver.admin).json["department_id"] == below


def test_one_name_is_enough_and_none_is_not(at: Client, world: World) -> None:
    """A last name that was typed in by mistake goes, too."""
    member = world.member(at.org, first_name="Suharto", last_name="Suharto")
    answer = _patch(at, member, last_name="")
    assert (answer.status, answer.json["first_name"], answer.json["last_name"]) == (200, "Suharto", "")
    for changes in ({"first_name": ""}, {"first_name": "", "last_name": ""}):
        refused = _patch(at, member, **changes)
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "first_name")
        assert refused.json["errors"][0]["message"] == "Enter a first or a last name."
    # Who never gave a name is changed otherwise all the same.
    nameless = world.member(at.org, first_name="", last_name="")
    assert _patch(at, nameless, first_name="", fields={"badge": "1"}).status == 200
