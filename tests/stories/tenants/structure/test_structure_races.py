"""F5 and F3 with two admins at the same moment: the second gets an error, and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def org(world: World, msp: str) -> str:
    return world.org(msp, "Acme", courses=[])


@pytest.fixture
def admin(world: World, org: str) -> str:
    return world.org_admin(org)


def test_a_child_that_is_made_while_its_parent_moves_is_not_left_behind(world: World, org: str, admin: str) -> None:
    moved, new = world.department(org), world.department(org)
    with _just_before_the_write(world, lambda: world.department(org, parent_id=moved)):
        refused = _move(world, org, admin, moved, new)
    assert (refused.status, refused.json["code"]) == (409, "changed_meanwhile")
    assert _move(world, org, admin, moved, new).status == 200
    _assert_tree_holds(world, org, admin)


def test_a_grandchild_that_is_made_meanwhile_is_not_left_behind(world: World, org: str, admin: str) -> None:
    moved, new = world.department(org), world.department(org)
    below = world.department(org, parent_id=moved)
    with _just_before_the_write(world, lambda: world.department(org, parent_id=below)):
        assert _move(world, org, admin, moved, new).status == 409
    _assert_tree_holds(world, org, admin)


def test_two_departments_do_not_end_up_below_each_other(world: World, org: str, admin: str) -> None:
    first, second = world.department(org), world.department(org)
    with _just_before_the_write(world, lambda: _move(world, org, admin, second, first)):
        assert _move(world, org, admin, first, second).json["code"] == "changed_meanwhile"
    _assert_tree_holds(world, org, admin)


def test_a_department_is_not_moved_under_one_that_is_gone(world: World, org: str, admin: str) -> None:
    moved, new = world.department(org), world.department(org)
    with _just_before_the_write(world, lambda: world.delete(f"/orgs/{org}/departments/{new}", admin)):
        assert _move(world, org, admin, moved, new).status == 409
    _assert_tree_holds(world, org, admin)


def test_a_department_is_not_made_under_one_that_moves_or_goes(world: World, org: str, admin: str) -> None:
    parent, elsewhere = world.department(org), world.department(org)
    body = {"name": "New", "parent_id": parent}
    with _just_before_the_write(world, lambda: _move(world, org, admin, parent, elsewhere)):
        assert world.post(f"/orgs/{org}/departments", admin, body).json["code"] == "changed_meanwhile"
    with _just_before_the_write(world, lambda: world.delete(f"/orgs/{org}/departments/{parent}", admin)):
        assert world.post(f"/orgs/{org}/departments", admin, body).json["code"] == "changed_meanwhile"
    _assert_tree_holds(world, org, admin)


def test_a_department_that_gets_a_child_meanwhile_is_not_deleted(world: World, org: str, admin: str) -> None:
    parent = world.department(org)
    with _just_before_the_write(world, lambda: world.department(org, parent_id=parent)):
        assert world.delete(f"/orgs/{org}/departments/{parent}", admin).status == 409
    assert world.delete(f"/orgs/{org}/departments/{parent}", admin).json["code"] == "in_use"
    _assert_tree_holds(world, org, admin)


@pytest.mark.parametrize("kind", ["groups", "departments", "locations"])
def test_a_name_that_is_taken_meanwhile_is_taken(world: World, org: str, admin: str, kind: str) -> None:
    path, body = f"/orgs/{org}/{kind}", {"name": "Finance"}
    with _just_before_the_write(world, lambda: world.post(path, admin, body)):
        refused = world.post(path, admin, body)
    assert (refused.status, refused.json["code"]) == (409, "name_taken")
    assert len(world.every(path, admin)) == 1


def test_a_group_that_is_deleted_meanwhile_is_not_brought_back_by_a_change(world: World, org: str, admin: str) -> None:
    group = world.group(org, "Finance")
    path = f"/orgs/{org}/groups/{group}"
    with _just_before_the_write(world, lambda: world.delete(path, admin)):
        assert world.patch(path, admin, {"name": "Sales"}).status == 409
    assert world.every(f"/orgs/{org}/groups", admin) == []
    assert not [item for item in world.dump("core") if item["sk"].startswith("NAME#")]


def test_the_trail_never_tells_of_a_value_that_was_not_there(world: World, org: str, admin: str) -> None:
    path = f"/orgs/{org}"
    with _just_before_the_write(world, lambda: world.patch(path, admin, {"invitation_days": 10})):
        refused = world.patch(path, admin, {"invitation_days": 20})
    assert (refused.status, refused.json["code"]) == (409, "changed_meanwhile")
    entries = world.every(f"{path}/audit", admin)
    assert [(entry["before"], entry["after"]) for entry in entries] == [
        ({"invitation_days": 30}, {"invitation_days": 10})
    ]


def test_training_access_that_is_changed_meanwhile_is_not_overwritten(world: World, msp: str, org: str) -> None:
    msp_admin = world.msp_admin(msp)
    first, second = world.course(msp), world.course(msp)
    path = f"/msp/organizations/{org}/training-access"
    bodies = [{"course_ids": [one], "reply_to": "a@acme.example"} for one in (first, second)]
    world.put(path, msp_admin, {**bodies[0], "course_ids": [first, second]})
    with _just_before_the_write(world, lambda: world.put(path, msp_admin, bodies[0])):
        assert world.put(path, msp_admin, bodies[1]).status == 409
    kept = next(item for item in world.dump("core") if item["sk"] == "ENTITLEMENTS")
    assert kept["seats_by_course"] == {first: 0}


def test_the_last_two_admins_cannot_remove_each_other_at_once(world: World, msp: str) -> None:
    first, second = world.msp_admin(msp), world.msp_admin(msp)
    with _just_before_the_write(world, lambda: world.delete(f"/msp/admins/{first}", second)):
        refused = world.delete(f"/msp/admins/{second}", first)
    assert (refused.status, refused.json["code"]) == (409, "last_admin")
    assert [one["account_id"] for one in world.every("/msp/admins", second)] == [second]


@contextmanager
def _just_before_the_write(world: World, happens: Callable[[], Any]) -> Iterator[None]:
    """Let something happen between what a request reads and the transaction that it writes."""
    waiting = [happens]

    def before(**_: Any) -> None:
        if waiting:
            done = waiting.pop()()
            assert not isinstance(done, Answer) or done.status < 300, done.text

    with world.answering("dynamodb", "TransactWriteItems", before):
        yield
    assert not waiting


def _move(world: World, org: str, admin: str, department: str, parent: str) -> Answer:
    return world.patch(f"/orgs/{org}/departments/{department}", admin, {"parent_id": parent})


def _assert_tree_holds(world: World, org: str, admin: str) -> None:
    """Every path ends in the department and goes on from its parent's; every parent counts its children."""
    listed = {one["department_id"]: one for one in world.every(f"/orgs/{org}/departments", admin)}
    for department_id, one in listed.items():
        above = listed[one["parent_id"]]["path"] if one["parent_id"] else []
        assert one["path"] == [*above, department_id]
    for item in world.dump("core"):
        if item["sk"].startswith("DEPARTMENT#"):
            children = [one for one in listed.values() if one["parent_id"] == item["department_id"]]
            assert item["num_children"] == len(children)
