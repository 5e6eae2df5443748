"""R6 and B2: everybody, groups, all but groups, groups by name; and who is never enrolled."""

import pytest

from chalicelib.training.batches.explanations import explain
from tests.harness import World
from tests.stories.driver import Driver


class Scene:
    """A client with two groups that share a member, and one member in none."""

    def __init__(self, world: World, driver: Driver, course: str) -> None:
        (self.org,) = driver.clients(course, "Acme")
        self.finance, self.sales = world.group(self.org, "Finance"), world.group(self.org, "Sales")
        self.in_finance = world.member(self.org, [self.finance])
        self.in_both = world.member(self.org, [self.finance, self.sales])
        self.in_sales = world.member(self.org, [self.sales])
        self.in_none = world.member(self.org)


@pytest.fixture
def scene(world: World, driver: Driver, course: str) -> Scene:
    return Scene(world, driver, course)


def test_everybody_is_the_targeting_unless_another_is_given(driver: Driver, course: str, scene: Scene) -> None:
    (batch,) = driver.launch(scene.org, [course])
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_both, scene.in_sales, scene.in_none}
    assert driver.row(scene.org, batch, course)["num_targeted"] == 4


def test_several_groups_are_their_union_and_nobody_counts_twice(driver: Driver, course: str, scene: Scene) -> None:
    targeting = {"mode": "groups", "group_ids": [scene.finance, scene.sales, scene.finance]}
    (batch,) = driver.launch(scene.org, [course], targeting=targeting)
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_both, scene.in_sales}
    assert driver.row(scene.org, batch, course)["num_targeted"] == 3


def test_an_exclusion_wins_over_membership_in_other_groups(driver: Driver, course: str, scene: Scene) -> None:
    targeting = {"mode": "exclude_groups", "group_ids": [scene.sales]}
    (batch,) = driver.launch(scene.org, [course], targeting=targeting)
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_none}
    assert driver.row(scene.org, batch, course)["num_targeted"] == 2


def test_an_empty_group_enrolls_nobody_and_says_so(world: World, driver: Driver, course: str, scene: Scene) -> None:
    targeting = {"mode": "groups", "group_ids": [world.group(scene.org)]}
    (batch,) = driver.launch(scene.org, [course], targeting=targeting)
    row = driver.row(scene.org, batch, course)
    assert (row["status"], row["num_targeted"], row["code"]) == ("enrolled", 0, "nobody_matched")
    assert row["explanation"] == explain("nobody_matched").text
    assert driver.learners(scene.org, batch, course) == []


def test_groups_are_found_by_name_at_each_client_that_has_them(
    world: World, driver: Driver, course: str, scene: Scene
) -> None:
    bolt, cedar = driver.clients(course, "Bolt", "Cedar")
    bolt_member = world.member(bolt, [world.group(bolt, "Finance")])
    world.member(bolt)
    # Names are compared exactly.
    world.member(cedar, [world.group(cedar, "finance")])
    world.member(cedar, [world.group(cedar, "Finance ")])
    orgs = [scene.org, bolt, cedar]
    batches = driver.launch(orgs, [course], targeting={"mode": "group_names", "group_names": ["Finance"]})
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_both}
    assert driver.enrolled(bolt, course) == {bolt_member}
    assert driver.enrolled(cedar, course) == set()
    row = driver.row(cedar, batches[2], course)
    assert (row["num_targeted"], row["code"]) == (0, "nobody_matched")
    assert row["explanation"].startswith("Nobody was in the chosen groups")


def test_several_names_are_the_union_of_the_groups_that_have_one(driver: Driver, course: str, scene: Scene) -> None:
    targeting = {"mode": "group_names", "group_names": ["Sales", "Finance", "Sales", "Nowhere"]}
    driver.launch(scene.org, [course], targeting=targeting)
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_both, scene.in_sales}


def test_a_name_means_the_group_that_has_it_on_the_enroll_date(
    world: World, driver: Driver, course: str, scene: Scene
) -> None:
    targeting = {"mode": "group_names", "group_names": ["Auditors"]}
    driver.launch(scene.org, [{"course_id": course, "enroll_on": "2027-02-01"}], targeting=targeting)
    answer = world.patch(f"/orgs/{scene.org}/groups/{scene.sales}", driver.admin, {"name": "Auditors"})
    assert answer.status == 200
    driver.until("2027-02-01T08:00")
    driver.fire()
    assert driver.enrolled(scene.org, course) == {scene.in_both, scene.in_sales}


def test_who_joins_a_group_before_the_enroll_date_is_enrolled(
    world: World, driver: Driver, course: str, scene: Scene
) -> None:
    targeting = {"mode": "groups", "group_ids": [scene.finance]}
    driver.launch(scene.org, [{"course_id": course, "enroll_on": "2027-02-01"}], targeting=targeting)
    joined = world.member(scene.org, [scene.finance])
    driver.until("2027-02-01T08:00")
    driver.fire()
    assert driver.enrolled(scene.org, course) == {scene.in_finance, scene.in_both, joined}


@pytest.mark.parametrize("mode", ["groups", "group_names", "exclude_groups"])
def test_a_group_that_an_unfinished_batch_needs_is_not_deleted_before_it_has_run(
    world: World, driver: Driver, course: str, mode: str
) -> None:
    (org,) = driver.clients(course, "Acme")
    needed, other = world.group(org, "Finance"), world.group(org, "Sales")
    targeting = {"mode": mode, **({"group_names": ["Finance"]} if mode == "group_names" else {"group_ids": [needed]})}
    driver.launch(org, [{"course_id": course, "enroll_on": "2027-02-01"}], targeting=targeting)
    refused = world.delete(f"/orgs/{org}/groups/{needed}", driver.admin)
    assert (refused.status, refused.json["used_by"]) == (409, ["unfinished batches"])
    assert world.delete(f"/orgs/{org}/groups/{other}", driver.admin).status == 204
    driver.until("2027-02-01T08:00")
    driver.fire()
    assert world.delete(f"/orgs/{org}/groups/{needed}", driver.admin).status == 204


def test_a_batch_for_everybody_needs_no_group(world: World, driver: Driver, course: str, scene: Scene) -> None:
    driver.launch(scene.org, [{"course_id": course, "enroll_on": "2027-02-01"}])
    assert world.delete(f"/orgs/{scene.org}/groups/{world.group(scene.org)}", driver.admin).status == 204


@pytest.mark.parametrize("mode", ["all", "groups", "group_names", "exclude_groups"])
@pytest.mark.parametrize("status", ["prospect", "pending", "declined", "cancelled", "archived"])
def test_who_is_not_an_active_member_is_never_enrolled(
    world: World, driver: Driver, course: str, status: str, mode: str
) -> None:
    (org,) = driver.clients(course, "Acme")
    group, other = world.group(org, "Finance"), world.group(org)
    active = world.member(org, [group])
    world.member(org, [group], status=status)
    named = {
        "all": {},
        "groups": {"group_ids": [group]},
        "group_names": {"group_names": ["Finance"]},
        "exclude_groups": {"group_ids": [other]},
    }
    (batch,) = driver.launch(org, [course], targeting={"mode": mode, **named[mode]})
    assert driver.enrolled(org, course) == {active}
    assert driver.row(org, batch, course)["num_targeted"] == 1


def test_every_client_s_people_stay_its_own(world: World, driver: Driver, course: str) -> None:
    acme, bolt = driver.clients(course, "Acme", "Bolt")
    account = world.account()
    _, at_acme = world.learner(acme, account_id=account)
    _, at_bolt = world.learner(bolt, account_id=account)
    driver.launch(acme, [course])
    assert (driver.enrolled(acme, course), driver.enrolled(bolt, course)) == ({at_acme}, set())
    driver.launch(bolt, [course])
    assert driver.enrolled(bolt, course) == {at_bolt}


def test_a_row_of_many_chunks_enrolls_everybody_once(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.training.batches.recipients.partition_of.__defaults__", (10,))
    (org,) = driver.clients(course, "Acme")
    members = world.members(org, 205)
    (batch,) = driver.launch(org, [course])
    assert driver.enrolled(org, course) == set(members)
    row = driver.row(org, batch, course)
    assert (row["status"], row["num_targeted"], row["num_enrolled"]) == ("enrolled", 205, 205)
    assert {learner["member_id"] for learner in driver.learners(org, batch, course)} == set(members)
