"""O9: department admins act on the people of their departments and those below only; moves count at once."""

from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World


class Firm:
    """Sales with North below it, and Legal beside; one person in each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.org = world.org(world.msp(), "Acme")
        self.boss = world.org_admin(self.org)
        self.sales, self.legal = world.department(self.org, "Sales"), world.department(self.org, "Legal")
        self.north = world.department(self.org, "North", self.sales)
        self.in_sales, self.in_north, self.in_legal = (
            world.member(self.org, department_id=department) for department in (self.sales, self.north, self.legal)
        )
        self.nowhere = world.member(self.org)
        self.admin = world.org_admin(self.org, role="department_admin", department_ids=[self.sales])
        self.group = world.group(self.org, "Everybody")

    def path(self, rest: str) -> str:
        return f"/orgs/{self.org}/{rest}"

    def seen(self) -> set[str]:
        return {one["member_id"] for one in self.world.get(self.path("members"), self.admin).json["items"]}

    def invite(self, *emails: str, **more: Any) -> Answer:
        form = {"group_id": self.group, "emails": list(emails), "notify": "now", **more}
        return self.world.post(self.path("invites"), self.admin, form)


@pytest.fixture
def firm(world: World) -> Firm:
    return Firm(world)


def test_people_of_the_departments_below_are_seen_and_nobody_else(firm: Firm, world: World) -> None:
    assert firm.seen() == {firm.in_sales, firm.in_north}
    for other in (firm.in_legal, firm.nowhere):
        assert world.get(firm.path(f"members/{other}"), firm.admin).status == 403
        assert world.post(firm.path(f"members/{other}/archive"), firm.admin).status == 403
    assert world.get(firm.path("departments"), firm.boss).json["next_cursor"] is None
    listed = world.get(firm.path("departments"), firm.admin).json["items"]
    assert {one["department_id"] for one in listed} == {firm.sales, firm.north}
    assert world.post(firm.path(f"members/{firm.in_north}/archive"), firm.admin).status == 200
    assert firm.seen() == {firm.in_sales}


def test_moving_a_person_or_a_department_moves_what_its_admin_sees_at_once(firm: Firm, world: World) -> None:
    world.patch(firm.path(f"members/{firm.in_legal}"), firm.boss, {"department_id": firm.north})
    assert firm.seen() == {firm.in_sales, firm.in_north, firm.in_legal}
    assert world.patch(firm.path(f"departments/{firm.north}"), firm.boss, {"parent_id": firm.legal}).status == 200
    assert firm.seen() == {firm.in_sales}
    assert world.get(firm.path(f"members/{firm.in_north}"), firm.admin).status == 403
    world.patch(firm.path(f"departments/{firm.legal}"), firm.boss, {"parent_id": firm.sales})
    assert firm.seen() == {firm.in_sales, firm.in_north, firm.in_legal}


def test_who_moves_away_between_the_check_and_the_change_is_not_changed(
    firm: Firm, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.people.members import archive, changes

    path = firm.path(f"members/{firm.in_north}")

    def move_first(module: Any, name: str) -> None:
        original = getattr(module, name)

        def run(*args: Any) -> None:
            monkeypatch.setattr(module, name, original)
            assert world.patch(path, firm.boss, {"department_id": firm.legal}).status == 200
            original(*args)

        monkeypatch.setattr(module, name, run)

    for module, name, ask in (
        (changes, "_change", lambda: world.patch(path, firm.admin, {"fields": {"a": "b"}})),
        (archive, "_archive", lambda: world.post(f"{path}/archive", firm.admin)),
    ):
        world.patch(path, firm.boss, {"department_id": firm.north})
        move_first(module, name)
        assert ask().status == 403
    member = world.get(path, firm.boss).json
    assert (member["status"], member["fields"], member["department_id"]) == ("active", {}, firm.legal)


def test_nor_are_their_enrollments_and_offers(firm: Firm, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.training.progress import cancel_one, results
    from chalicelib.training.self_enrollment import offers

    course = world.course(world._msp_by_org[firm.org], self_enroll=True)
    access = {"course_ids": [course], "reply_to": "training@acme.example"}
    owner = world.msp_admin(world._msp_by_org[firm.org])
    assert world.put(f"/msp/organizations/{firm.org}/training-access", owner, access).status == 200
    account, person = world.learner(firm.org, department_id=firm.north)
    taken = world.post("/me/courses", account, {"course_id": course}).json["enrollment_id"]
    world.post(f"/me/courses/{taken}/start", account)
    offer = world.post(f"/me/courses/{taken}/offer", account, {"org_id": firm.org}).json["offer_id"]
    path = firm.path(f"members/{person}")
    enrollment = f"{path}/enrollments/{firm.org}.{person}.{course}"

    def moved_first(module: Any, name: str, ask: Any) -> int:
        """The answer when somebody moves the person after the route has looked, and before the change looks."""
        world.patch(path, firm.boss, {"department_id": firm.north})
        original = getattr(module, name)

        def move_first(*args: Any, **more: Any) -> Any:
            monkeypatch.setattr(module, name, original)
            assert world.patch(path, firm.boss, {"department_id": firm.legal}).status == 200
            return original(*args, **more)

        monkeypatch.setattr(module, name, move_first)
        return int(ask().status)

    accept = f"{path}/carry-over/{offer}/accept"
    assert moved_first(offers, "accept", lambda: world.post(accept, firm.admin)) == 403
    world.patch(path, firm.boss, {"department_id": firm.north})
    assert world.post(accept, firm.admin).status == 200
    for module, name, ask in (
        (results, "_enter", lambda: world.patch(enrollment, firm.admin, {"result": {"score": 90}})),
        (cancel_one, "_cancel", lambda: world.delete(enrollment, firm.admin)),
    ):
        assert moved_first(module, name, ask) == 403
    (kept,) = world.get(f"{path}/enrollments", firm.boss).json["items"]
    assert (kept["status"], kept["score"]) == ("in_progress", None)


def test_a_department_that_moves_in_the_middle_of_a_change_is_noticed(
    firm: Firm, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.people.members import changes

    original = changes.place_writes

    def then_move(*args: Any) -> Any:
        writes = original(*args)
        monkeypatch.setattr(changes, "place_writes", original)
        world.patch(firm.path(f"departments/{firm.north}"), firm.boss, {"parent_id": firm.legal})
        return writes

    monkeypatch.setattr(changes, "place_writes", then_move)
    assert world.patch(firm.path(f"members/{firm.in_north}"), firm.admin, {"fields": {"a": "b"}}).status == 403
    assert world.get(firm.path(f"members/{firm.in_north}"), firm.boss).json["fields"] == {}


def test_invitations_lead_into_one_s_departments_only(firm: Firm, world: World) -> None:
    for department, code in ((None, "required"), (firm.legal, "unknown_department")):
        refused = firm.invite("new@example.com", **({"department_id": department} if department else {}))
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, code)
    (invited,) = firm.invite("new@example.com", department_id=firm.north).json["results"]
    assert invited["member_id"] in firm.seen()
    assert world.get(firm.path(f"members/{invited['member_id']}"), firm.boss).json["department_id"] == firm.north


def test_of_people_elsewhere_an_invitation_tells_only_that_they_are_there(firm: Firm, world: World) -> None:
    world.member(firm.org, email="legal@example.com", department_id=firm.legal)
    world.member(firm.org, email="north@example.com", department_id=firm.north)
    elsewhere, own = firm.invite("legal@example.com", "north@example.com", department_id=firm.sales).json["results"]
    assert [one["result"] for one in (elsewhere, own)] == ["already_member"] * 2
    assert (elsewhere["member_id"], elsewhere["status"]) == (None, None)
    assert (own["member_id"] is not None, own["status"]) == (True, "active")


def test_only_invitations_of_one_s_people_are_sent_again_and_withdrawn(firm: Firm, world: World) -> None:
    own, other = (
        world.member(firm.org, status="pending", department_id=department, invite_id=f"i{department}")
        for department in (firm.north, firm.legal)
    )
    for verb in ("resend", "cancel"):
        answer = world.post(firm.path(f"invites/{verb}"), firm.admin, {"member_ids": [own, other]})
        assert [(one["done"], one["code"]) for one in answer.json["results"]] == [(True, None), (False, "not_there")]
    assert world.get(firm.path(f"members/{other}"), firm.boss).json["status"] == "pending"


def test_a_removed_admin_sees_nothing_whatever_the_token_says(firm: Firm, world: World) -> None:
    # The token stays valid for an hour; roles are read at each request.
    assert world.get(firm.path("members"), firm.admin).status == 200
    assert world.delete(firm.path(f"admins/{firm.admin}"), firm.boss).status == 204
    for path in ("members", "departments", f"members/{firm.in_sales}"):
        assert world.get(firm.path(path), firm.admin).status == 404
