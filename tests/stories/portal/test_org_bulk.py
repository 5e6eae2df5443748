"""Resend, cancel and archive: of those chosen, of a page, of all that match; first a page that says whom it reaches."""

import re
from datetime import timedelta

import pytest

from chalicelib.people.bulk_actions import counting
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser


class Crowd:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver = world, driver
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.admin = world.org_admin(self.org)
        self.base = f"/orgs/{self.org}"
        self.browser = Browser(world).has_session_of(self.admin)

    def pending(self, number: int, **fields: object) -> list[str]:
        later = self.world.now + timedelta(days=20)
        more = {"invite_expires_at": later.strftime("%Y-%m-%dT%H:%M:%SZ"), "first_name": "", "last_name": "", **fields}
        return [self.world.member(self.org, status="pending", invite_id=f"i{n}", **more) for n in range(number)]

    def statuses(self) -> dict[str, str]:
        return {one["member_id"]: one["status"] for one in self.world.every(f"{self.base}/members", self.admin)}

    def listed(self, query: str) -> int:
        """How many people the list shows over all its pages."""
        page, number = self.browser.open(f"{self.base}/learners?{query}"), 0
        while True:
            number += page.answer.text.count('name="shown_id"')
            if "Next page" not in [name for name, _ in page.links]:
                return number
            page = self.browser.follow("Next page")


@pytest.fixture
def crowd(world: World, driver: Driver, course: str) -> Crowd:
    return Crowd(world, driver, course)


def _offered(text: str) -> list[str]:
    """What stands at the choices of whom to act on."""
    return re.findall(r"All [\d,]+ (?:on this page|that match)", text)


def test_the_page_and_all_that_match_are_two_choices_with_two_numbers(crowd: Crowd, mailbox: Mailbox) -> None:
    ids = crowd.pending(60)
    crowd.world.members(crowd.org, 3)
    page = crowd.browser.open(f"{crowd.base}/learners?status=pending")
    assert _offered(page.text) == ["All 50 on this page", "All 60 that match"]
    page = crowd.browser.send(page.form("Resend invitations"), which="all", go="resend")
    assert page.heading == "Resend the invitations?"
    assert "60 of the 60 who match will be reached at Alderquay Logistics" in page.text
    # Nothing is done before it is confirmed.
    assert crowd.driver.work() == 0
    form = page.form("Resend to 60 people")
    page = crowd.browser.send(form)
    assert "It has begun." in page.text
    # Pressed twice, and delivered twice: once.
    assert crowd.browser.send(form).status == 200
    crowd.driver.work()
    page = crowd.browser.open(page.address.partition("?")[0])
    assert "60 of 60 people done" in page.text
    mails = [item for item in crowd.world.dump("outbox") if item.get("kind") == "invitation_again"]
    assert len({item["pk"] for item in mails}) == len(ids)
    # Of the page: 50.
    page = crowd.browser.open(f"{crowd.base}/learners?status=pending")
    page = crowd.browser.send(page.form("Cancel invitations"), which="page", go="cancel")
    assert page.form("Cancel the invitations of 50 people")
    crowd.browser.press("Cancel the invitations of 50 people")
    crowd.driver.work()
    assert sorted(crowd.statuses().values()).count("cancelled") == 50


def test_it_says_who_is_not_reached_and_why(crowd: Crowd) -> None:
    crowd.pending(2)
    crowd.pending(1, email=None, login_name="no.mail")
    crowd.pending(3, mail_blocked="bounced")
    crowd.world.members(crowd.org, 4)
    page = crowd.browser.open(f"{crowd.base}/learners")
    form = page.form("Resend invitations")
    page = crowd.browser.send(form, which="all", go="resend")
    assert page.form("Resend to 2 people")
    for number, why in (("4", "There is no open invitation."), ("1", "no email address"), ("3", "bounced")):
        assert re.search(rf"{number} [^0-9]*{re.escape(why)}", page.text), why
    page = crowd.browser.open(f"{crowd.base}/learners")
    page = crowd.browser.send(page.form("Resend invitations"), which="all", go="resend", clear_blocked="yes")
    assert page.form("Resend to 5 people")
    page = crowd.browser.open(f"{crowd.base}/learners?status=active")
    page = crowd.browser.send(page.form("Cancel invitations"), which="all", go="cancel")
    assert "there is nothing to do" in page.text
    assert all("Cancel the" not in button for one in page.forms for button in one.buttons)


@pytest.mark.parametrize(
    "query",
    [
        "", "status=pending", "search=kim", "search=KIM+H", "search=n%C3%BA%C3%B1", "search=nunez", "search=zzz",
        "search=p", "department_id={docks}", "location_id={kiel}", "group_id={group}&status=active",
    ],
)  # fmt: skip
def test_all_that_match_are_those_that_the_list_shows(crowd: Crowd, query: str) -> None:
    world, org = crowd.world, crowd.org
    docks = world.department(org, "Docks")
    cranes, kiel, group = world.department(org, "Cranes", docks), world.location(org, "Kiel"), world.group(org, "Fin")
    world.member(org, [group], first_name="Kim", last_name="Hale", department_id=docks, location_id=kiel)
    world.member(org, [group], first_name="Kim", last_name="Kimson", email="kim@x.example", department_id=cranes)
    world.member(org, first_name="Ana", last_name="Núñez", location_id=kiel)
    crowd.pending(55)
    asked = query.format(docks=docks, kiel=kiel, group=group)
    listed = crowd.listed(asked)
    page = crowd.browser.open(f"{crowd.base}/learners?{asked}")
    if not listed:
        assert "No learners match." in page.text
        return
    assert f"All {listed} that match" in page.text
    page = crowd.browser.send(page.form("Archive"), which="all", go="archive")
    assert f"the {listed} who match" in page.text


def test_many_are_counted_and_acted_on_in_the_background(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_PER_STEP", 30)
    monkeypatch.setattr(counting, "_STEPS_NOW", 1)
    monkeypatch.setattr(counting, "_STEPS", 1)
    members = crowd.world.members(crowd.org, 70)
    crowd.pending(2)
    page = crowd.browser.open(f"{crowd.base}/learners")
    page = crowd.browser.send(page.form("Archive"), which="all", go="archive")
    assert "Counting who this reaches: 30 so far." in page.text
    assert not [one for one in page.forms if "Archive 70 people" in one.buttons]
    assert 'http-equiv="refresh"' in page.answer.text
    crowd.driver.work()
    page = crowd.browser.open(page.address)
    assert "70 of the 72 who match will be reached" in page.text
    # Who comes to match meanwhile was not counted, and is not acted on.
    late = crowd.world.member(crowd.org)
    crowd.browser.press("Archive 70 people")
    crowd.driver.work()
    statuses = crowd.statuses()
    assert {statuses[one] for one in members} == {"archived"}
    assert statuses[late] == "active"
    assert "70 of 70 people done" in crowd.browser.open(page.address).text


def test_each_person_has_a_result_also_who_changed_meanwhile(crowd: Crowd) -> None:
    first, second = crowd.pending(2)
    page = crowd.browser.open(f"{crowd.base}/learners")
    page = crowd.browser.send(page.form("Cancel invitations"), member_id=[first, second], which="chosen", go="cancel")
    crowd.world.accepts(crowd.org, second)
    crowd.browser.press("Cancel the invitations of 2 people")
    crowd.driver.work()
    page = crowd.browser.open(page.address)
    assert "2 of 2 people done, 1 failed" in page.text
    assert "so far" not in page.text
    assert "There is no open invitation." in page.text
    assert crowd.statuses() == {first: "cancelled", second: "active"}


def test_nobody_chosen_leads_back_with_the_filters(crowd: Crowd) -> None:
    crowd.pending(1)
    page = crowd.browser.open(f"{crowd.base}/learners?status=pending")
    page = crowd.browser.send(page.form("Resend invitations"), go="resend")
    assert "Choose someone first." in page.text
    assert "status=pending" in page.address


def test_a_lost_message_is_sent_again_by_the_sweep(crowd: Crowd) -> None:
    crowd.pending(30)
    page = crowd.browser.open(f"{crowd.base}/learners")
    page = crowd.browser.send(page.form("Cancel invitations"), which="all", go="cancel")
    crowd.browser.press("Cancel the invitations of 30 people")
    crowd.world.messages()
    crowd.world.now += timedelta(minutes=12)
    crowd.driver.sweep()
    crowd.driver.work()
    assert set(crowd.statuses().values()) == {"cancelled"}
    assert not [item for item in crowd.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_who_is_limited_to_a_department_reaches_its_people_only(crowd: Crowd) -> None:
    world = crowd.world
    docks = world.department(crowd.org, "Docks")
    mine = crowd.pending(2, department_id=docks)
    others = crowd.pending(2)
    admin = world.org_admin(crowd.org, role="department_admin", department_ids=[docks])
    browser = Browser(world).has_session_of(admin)
    page = browser.open(f"{crowd.base}/learners")
    form = page.form("Cancel invitations")
    page = browser.send(form, which="all", go="cancel")
    browser.press("Cancel the invitations of 2 people")
    crowd.driver.work()
    page = browser.send(form, which="chosen", go="cancel", member_id=others, form_id="another")
    assert "isn't in the directory" in page.text
    assert crowd.statuses() == {**dict.fromkeys(mine, "cancelled"), **dict.fromkeys(others, "pending")}
    # Those of the whole organization are not theirs to see.
    whole = crowd.browser.open(f"{crowd.base}/learners")
    address = crowd.browser.send(whole.form("Cancel invitations"), which="all", go="cancel").address
    assert browser.open(address).status == 404
    assert browser.request("POST", address, [("form_id", "x")]).status == 404


def test_a_role_without_the_permission_is_refused(crowd: Crowd) -> None:
    (member,) = crowd.pending(1)
    world = crowd.world
    reader = world.org_admin(crowd.org, role="custom", permissions=["members_read"])
    browser = Browser(world).has_session_of(reader)
    page = browser.open(f"{crowd.base}/learners")
    assert "Resend invitations" not in [button for one in page.forms for button in one.buttons]
    for go in ("resend", "cancel", "archive"):
        fields = [("go", go), ("which", "chosen"), ("member_id", member), ("form_id", go)]
        assert browser.request("POST", f"{crowd.base}/learners/actions", fields).status == 403, go
    page = crowd.browser.open(f"{crowd.base}/learners")
    address = crowd.browser.send(page.form("Archive"), which="all", go="archive").address
    assert browser.request("POST", address, [("form_id", "x")]).status == 403


def test_the_interface_takes_a_filter_and_answers_the_same_numbers(crowd: Crowd) -> None:
    crowd.pending(3)
    crowd.world.members(crowd.org, 2)
    path, world = f"{crowd.base}/invites/bulk", crowd.world
    made = world.post(path, crowd.admin, {"action": "resend", "filter": {}})
    assert made.status == 201
    assert (made.json["status"], made.json["num_matching"], made.json["num_reached"]) == ("ready", 5, 3)
    assert [(one["code"], one["num_people"]) for one in made.json["left_out"]] == [("not_open", 2)]
    action = made.json["action_id"]
    assert world.post(f"{crowd.base}/members/bulk-archive/{action}/run", crowd.admin).status == 404
    run = world.post(f"{path}/{action}/run", crowd.admin, headers={"Idempotency-Key": "one"})
    assert (run.status, run.json["status"]) == (202, "running")
    assert world.post(f"{path}/{action}/run", crowd.admin, headers={"Idempotency-Key": "one"}).json == run.json
    assert world.post(f"{path}/{action}/run", crowd.admin).json["code"] == "already_run"
    crowd.driver.work()
    done = world.get(f"{crowd.base}/bulk-actions/{action}", crowd.admin).json
    assert (done["status"], done["num_done"], done["num_refused"]) == ("done", 3, 0)
    results = world.every(f"{crowd.base}/bulk-actions/{action}/results?limit=2", crowd.admin)
    assert len({one["member_id"] for one in results}) == len(results) == 5
    assert sorted(str(one["done"]) for one in results) == ["False", "False", "True", "True", "True"]
    assert [one["action_id"] for one in world.every(f"{crowd.base}/bulk-actions", crowd.admin)] == [action]
    assert world.post(path, crowd.admin, {"action": "resend"}).status == 422
    assert world.post(path, crowd.admin, {"action": "archive", "filter": {}}).status == 422


def test_what_was_counted_long_ago_is_counted_again_first(crowd: Crowd) -> None:
    """Somebody who was invited again since then must not be met by an old "cancel"."""
    crowd.pending(2)
    path, world = f"{crowd.base}/invites/bulk", crowd.world
    made = world.post(path, crowd.admin, {"action": "cancel", "filter": {}})
    world.now += timedelta(days=1, seconds=1)
    late = world.post(f"{path}/{made.json['action_id']}/run", crowd.admin)
    assert (late.status, late.json["code"]) == (409, "count_again")
    again = world.post(path, crowd.admin, {"action": "cancel", "filter": {}})
    assert world.post(f"{path}/{again.json['action_id']}/run", crowd.admin).status == 202


@pytest.mark.parametrize("how", ["removed", "limited", "lost the permission"])
def test_what_an_admin_started_ends_with_their_rights(crowd: Crowd, how: str) -> None:
    """Somebody who was given notice has everybody archived: who removes them stops that, too."""
    world, people = crowd.world, crowd.world.members(crowd.org, 30, named=True)
    form = {"name": "People", "permissions": ["members"]}
    role = world.post(f"{crowd.base}/roles", crowd.admin, form).json["role_id"]
    scope = {"role": "custom", "role_id": role} if how == "lost the permission" else {}
    angry = world.org_admin(crowd.org, **scope)
    path = f"{crowd.base}/members/bulk-archive"
    action = world.post(path, angry, {"member_ids": people}).json["action_id"]
    assert world.post(f"{path}/{action}/run", angry).status == 202
    (message,) = world.messages()
    crowd.driver.deliver([message])
    archived = {one for one, status in crowd.statuses().items() if status == "archived"}
    assert len(archived) == 25
    if how == "removed":
        assert world.delete(f"{crowd.base}/admins/{angry}", crowd.admin).status == 204
    elif how == "limited":
        assert world.delete(f"{crowd.base}/admins/{angry}", crowd.admin).status == 204
        world.org_admin(crowd.org, angry, role="department_admin", department_ids=[world.department(crowd.org)])
    else:
        world.patch(f"{crowd.base}/roles/{role}", crowd.admin, {"permissions": ["training"]})
    crowd.driver.work()
    assert {one for one, status in crowd.statuses().items() if status == "active"} == set(people) - archived
    done = world.get(f"{crowd.base}/bulk-actions/{action}", crowd.admin).json
    assert (done["status"], done["num_done"], done["num_refused"]) == ("done", 25, 5)
    results = world.every(f"{crowd.base}/bulk-actions/{action}/results", crowd.admin)
    assert {one["code"] for one in results if one["member_id"] not in archived} == {"not_allowed"}
