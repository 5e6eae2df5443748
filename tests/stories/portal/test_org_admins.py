"""Admins of an organization in the portal: appointing with a role and departments, removing, roles of one's own."""

from datetime import timedelta

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser


class Board:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver = world, driver
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.admin = world.org_admin(self.org)
        self.base = f"/orgs/{self.org}/admins"
        self.browser = Browser(world).has_session_of(self.admin)

    def admins(self) -> dict[str, dict[str, object]]:
        return {one["email"]: one for one in self.world.every(self.base, self.admin)}


@pytest.fixture
def board(world: World, driver: Driver, course: str) -> Board:
    return Board(world, driver, course)


def test_admins_are_appointed_with_a_role_and_departments(board: Board) -> None:
    docks = board.world.department(board.org, "Docks")
    page = board.browser.open(board.base)
    form = page.form("Appoint")
    page = board.browser.send(form, email="dee@acme.example", role="department_admin")
    assert page.status == 422
    assert "Choose at least one department." in page.text
    assert ("email", "dee@acme.example") in page.form("Appoint").fields
    page = board.browser.press("Appoint", email="dee@acme.example", role="department_admin", department_id=[docks])
    assert "They are now an admin." in page.text
    assert "Department admin" in page.text
    found = board.admins()["dee@acme.example"]
    assert (found["role"], found["department_ids"]) == ("department_admin", [docks])
    # An organization admin has all departments, whatever is ticked.
    page = board.browser.press("Appoint", email="oz@acme.example", role="org_admin", department_id=[docks])
    assert board.admins()["oz@acme.example"]["department_ids"] == []
    page = board.browser.press("Appoint", email="oz@acme.example", role="org_admin")
    assert page.status == 409
    assert len(board.admins()) == 3


def test_the_same_form_twice_appoints_once(board: Board) -> None:
    form = board.browser.open(board.base).form("Appoint")
    for _ in range(2):
        assert "They are now an admin." in board.browser.send(form, email="oz@acme.example", role="org_admin").text
    assert len(board.admins()) == 2


def test_the_matrix_says_what_each_role_may(board: Board) -> None:
    page = board.browser.open(board.base)
    board.browser.press("Create role", name="Auditor", permission=["audit", "members"])
    page = board.browser.page
    assert "The role was created." in page.text
    row = page.answer.text.split("The audit trail, and evidence")[1].split("</tr>")[0]
    assert [cell.split("<")[0] for cell in row.split('">')[1:]] == ["✓ yes", "no", "✓ yes"]
    page = board.browser.press("Appoint", email="au@acme.example", role=f"kept:{_role(board)}")
    assert "Auditor" in page.text
    assert "(1 admin has it)" in page.text
    board.browser.follow("Auditor")
    page = board.browser.press("Delete Auditor")
    assert page.status == 409
    assert "Give them another one first." in page.text
    page = board.browser.press("Save", permission=["audit"])
    assert "The change applies to everyone" in page.text
    assert board.world.every(f"/orgs/{board.org}/roles", board.admin)[0]["permissions"] == ["audit"]


def _role(board: Board) -> str:
    return str(board.world.every(f"/orgs/{board.org}/roles", board.admin)[0]["role_id"])


def test_an_admin_is_removed_and_logged_out(board: Board) -> None:
    other = board.world.org_admin(board.org, board.world.account("sam@acme.example"))
    open_page = Browser(board.world).has_session_of(other)
    assert open_page.open(board.base).status == 200
    board.world.now += timedelta(minutes=1)
    board.browser.open(board.base)
    page = board.browser.follow("Remove sam@acme.example")
    assert "logged out on all their devices" in page.text
    assert "no admin of its own" not in page.text
    form = page.form("Remove this admin")
    assert "no longer an admin" in board.browser.send(form).text
    assert "no longer an admin" in board.browser.send(form).text
    assert open_page.open(board.base).heading == "Log in"
    assert "sam@acme.example" not in board.admins()


def test_the_only_admin_is_told_what_it_means_and_may_go(board: Board) -> None:
    page = board.browser.open(f"{board.base}/{board.admin}/remove")
    assert "This is you." in page.text
    assert "no admin of its own" in page.text
    board.browser.press("Remove this admin")
    assert board.world.every(board.base, board.driver.admin) == []


def test_nobody_gives_what_they_lack(board: Board) -> None:
    reader = board.world.org_admin(board.org, role="custom", permissions=["audit"])
    browser = Browser(board.world).has_session_of(reader)
    assert browser.request("POST", board.base, [("email", "x@acme.example"), ("role", "org_admin")]).status == 403
    assert len(board.admins()) == 2
