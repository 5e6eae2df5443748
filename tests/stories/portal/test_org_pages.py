"""The organization's pages: its learners, adding and inviting them, and its groups, departments and locations."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser


class Place:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.course = world, course
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.admin = world.org_admin(self.org)
        self.base = f"/orgs/{self.org}"
        self.browser = Browser(world).has_session_of(self.admin)


@pytest.fixture
def place(world: World, driver: Driver, course: str) -> Place:
    return Place(world, driver, course)


def test_an_admin_of_one_organization_lands_there_and_makes_the_first_group(place: Place) -> None:
    page = place.browser.open("/")
    assert page.heading == "Alderquay Logistics"
    assert "there are no groups yet" in page.text
    place.browser.follow("Create the first group")
    form = place.browser.page.form("Create group")
    page = place.browser.send(form, name="Finance")
    assert "Finance was created. Choose its courses, then add learners to it." in page.text
    group_id = page.link("Add learners to it").rpartition("=")[2]
    # The same form twice makes one group.
    place.browser.send(form, name="Finance")
    page = place.browser.press("Save", course_id=place.course)
    assert "Saved." in page.text
    assert ("course_id", place.course) in page.form("Save").fields
    page = place.browser.open(f"{place.base}/groups")
    assert [name for name, _ in page.links].count("Finance") == 1
    page = place.browser.press("Create group", name="Finance")
    assert page.status == 409
    assert ("name", "Finance") in page.form("Create group").fields
    # From the page of a group that is not the first one, adding learners has it chosen already.
    place.world.group(place.org, "Accounts")
    page = place.browser.open(f"{place.base}/learners/add?group_id={group_id}")
    assert ("group_id", group_id) in page.form("Invite").fields
    place.browser.open(f"{place.base}/learners/add")
    page = place.browser.press("Invite", emails="kim@acme.example")
    assert (page.status, "Choose a group." in page.text) == (422, True)


def test_learners_are_added_by_hand_and_each_address_has_its_verdict(place: Place) -> None:
    place.world.group(place.org, "Finance")
    place.browser.open(f"{place.base}/learners")
    assert "There are no learners yet." in place.browser.page.text
    place.browser.follow("Add Learners")
    page = place.browser.press("Invite", emails=" ")
    assert page.status == 422
    page = place.browser.press("Invite", emails="\n".join(f"p{index}@acme.example" for index in range(11)))
    assert "You entered 11" in page.text
    form = page.form("Invite")
    page = place.browser.send(form, emails="kim@acme.example; no address,\nsam@acme.example")
    assert "Invited 2 of 3." in page.text
    assert "no address" in page.text
    again = place.browser.send(form, emails="kim@acme.example; no address,\nsam@acme.example")
    assert "Invited 2 of 3." in again.text
    assert "More filters (" not in place.browser.open(f"{place.base}/learners").text
    page = place.browser.open(f"{place.base}/learners?status=prospect")
    assert "kim@acme.example" in page.text
    assert "More filters (1 set)" in page.text
    page = place.browser.press("Show", search="kim")
    assert "sam@acme.example" not in page.text


@pytest.mark.parametrize(
    "pasted",
    [
        'Lee, Ann <ann@x.example>; "Ray, Bob" <bob@x.example>; cy@x.example',
        '"Lee, Ann" <ann@x.example>, Bob <bob@x.example>,cy@x.example,',
        "ann@x.example bob@x.example\tcy@x.example",
        "Lee, Ann, Dr. <ann@x.example>\nbob@x.example;\n\n<cy@x.example>",
        "ann@x.example <ann@x.example>\n<bob@x.example> <cy@x.example>",
    ],
)
def test_addresses_are_understood_as_mail_programs_copy_them(place: Place, pasted: str) -> None:
    group = place.world.group(place.org, "Finance")
    place.browser.open(f"{place.base}/learners/add")
    page = place.browser.press("Invite", group_id=group, emails=pasted)
    assert "Invited 3 of 3." in page.text
    found = place.world.every(f"{place.base}/members?status=prospect", place.admin)
    assert {one["email"] for one in found} == {"ann@x.example", "bob@x.example", "cy@x.example"}


def test_invitations_of_those_chosen_are_sent_again_and_cancelled(place: Place, mailbox: Mailbox) -> None:
    place.world.group(place.org, "Finance")
    place.browser.open(f"{place.base}/learners/add")
    place.browser.press("Invite", emails="kim@acme.example\nsam@acme.example", when="now")
    mailbox.send()
    page = place.browser.open(f"{place.base}/learners")
    people = place.world.get(f"{place.base}/members", place.admin).json["items"]
    ids = [one["member_id"] for one in people]
    form = page.form("Resend invitations")
    page = place.browser.send(form, member_id=ids, go="resend")
    page = place.browser.press("Resend to 2 people")
    assert "It has begun." in page.text
    place.browser.open(f"{place.base}/learners/{ids[0]}")
    page = place.browser.press("Cancel the invitation")
    assert page.heading == "Invitations cancelled"
    statuses = {one["member_id"]: one["status"] for one in place.world.every(f"{place.base}/members", place.admin)}
    assert statuses[ids[0]] == "cancelled"
    assert statuses[ids[1]] in ("pending", "prospect")


def test_a_persons_profile_is_changed_and_they_are_archived(place: Place) -> None:
    world = place.world
    group, docks, kiel = world.group(place.org, "Finance"), world.department(place.org), world.location(place.org)
    member = world.member(place.org, first_name="Kim", last_name="Hale")
    page = place.browser.open(f"{place.base}/learners/{member}")
    assert page.heading == "Kim Hale"
    page = place.browser.press("Save", last_name="Reed", department_id=docks, location_id=kiel, group_id=group)
    assert page.heading == "Kim Reed"
    assert {("group_id", group), ("department_id", docks), ("location_id", kiel)} <= set(page.form("Save").fields)
    place.browser.follow("Archive Kim Reed")
    page = place.browser.press("Archive Kim Reed")
    assert "Kim Reed is archived." in page.text


def test_names_of_people_who_have_not_accepted_are_on_no_page(place: Place) -> None:
    world = place.world
    member = world.member(place.org, status="pending", first_name="Secret", last_name="Name")
    for address in (f"{place.base}/learners", f"{place.base}/learners/{member}"):
        assert "Secret" not in place.browser.open(address).answer.text
    page = place.browser.open(f"{place.base}/learners/{member}")
    assert "first_name" not in page.form("Save").names()


def test_departments_are_a_tree_in_which_they_move(place: Place) -> None:
    place.browser.open(f"{place.base}/departments")
    place.browser.press("Create department", name="Docks")
    docks = next(href for name, href in place.browser.page.links if name == "Docks").rpartition("/")[2]
    place.browser.press("Create department", name="Cranes", parent_id=docks)
    page = place.browser.follow("Cranes")
    assert ("parent_id", docks) in page.form("Save").fields
    page = place.browser.press("Save", name="Cranes", parent_id="")
    assert "Saved." in page.text
    place.browser.follow("Docks")
    page = place.browser.press("Save", parent_id=docks)
    assert page.status == 422
    place.browser.open(f"{place.base}/departments/{docks}")
    page = place.browser.press("Delete Docks")
    assert "The department was deleted." in page.text


def test_what_is_in_use_is_not_deleted_and_says_by_what(place: Place) -> None:
    world = place.world
    group, kiel = world.group(place.org, "Finance"), world.location(place.org, "Kiel")
    world.member(place.org, [group], location_id=kiel)
    place.browser.open(f"{place.base}/groups/{group}")
    page = place.browser.press("Delete Finance")
    assert page.status == 409
    assert "in use: members" in page.text
    # The form is that of the group all the same.
    assert "Saved." in place.browser.press("Save", name="Finances").text
    place.browser.open(f"{place.base}/locations/{kiel}")
    assert place.browser.press("Delete Kiel").status == 409
    page = place.browser.open(f"{place.base}/locations")
    place.browser.press("Create location", name="Bremen")
    place.browser.follow("Bremen")
    assert "The location was deleted." in place.browser.press("Delete Bremen").text


def test_who_is_limited_to_a_department_sees_its_people_and_no_others(place: Place) -> None:
    world = place.world
    docks, office = world.department(place.org, "Docks"), world.department(place.org, "Office")
    mine = world.member(place.org, department_id=docks, first_name="Kim", last_name="Hale")
    other = world.member(place.org, department_id=office, first_name="Sam", last_name="Reed")
    admin = world.org_admin(place.org, role="department_admin", department_ids=[docks])
    browser = Browser(world).has_session_of(admin)
    page = browser.open(f"{place.base}/learners")
    assert "Kim Hale" in page.text
    assert "Sam Reed" not in page.text
    assert browser.open(f"{place.base}/learners/{mine}").status == 200
    for path in (
        f"learners/{other}", f"learners?department_id={office}", f"departments/{office}", f"groups/{docks}",
        f"learners/{other}/archive",
    ):  # fmt: skip
        assert browser.open(f"{place.base}/{path}").status == 403, path
    assert browser.request("POST", f"{place.base}/learners/{other}", [("first_name", "X")]).status == 403
    assert browser.request("POST", f"{place.base}/groups", [("name", "X")]).status == 403
    assert "Office" not in browser.open(f"{place.base}/departments").text


def test_a_profile_that_is_refused_keeps_what_was_typed_and_a_name_can_be_taken_away(place: Place) -> None:
    group = place.world.group(place.org, "Finance")
    docks = place.world.department(place.org, "Docks")
    member = place.world.member(place.org, first_name="Ann", last_name="Ann")
    place.browser.open(f"{place.base}/learners/{member}")
    typed = {"first_name": "Anna\u202e", "last_name": "Leigh", "department_id": docks, "group_id": group}
    page = place.browser.press("Save", **typed)
    assert page.status == 422
    assert "no hidden marks that change its direction" in page.text
    fields = page.form("Save").fields
    assert set(typed.items()) <= set(fields)
    # Nothing of it was saved; what is typed anew is, and an empty field means no name.
    page = place.browser.press("Save", first_name="Anna", last_name="")
    assert "Saved." in page.text
    assert page.heading == "Anna"
    page = place.browser.press("Save", first_name="", last_name="")
    assert (page.status, "Enter a first or a last name." in page.text) == (422, True)
