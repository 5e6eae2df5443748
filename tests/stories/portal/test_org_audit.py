"""The audit trail in the portal, and its filters over HTTP; verification; evidence packs; activity and exports."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from chalicelib.portal.orgs.audit import KINDS
from chalicelib.portal.rendering import environment
from chalicelib.tenants.access import service as access
from chalicelib.tenants.admins.names import names_of
from infra.packaging import ROOT
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser

SOURCES = ROOT / "chalicelib"


class Trail:
    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.world, self.driver, self.course = world, driver, course
        (self.org,) = driver.clients(course, "Alderquay Logistics")
        self.admin = world.org_admin(self.org, world.account("ann@acme.example"))
        self.base = f"/orgs/{self.org}"
        self.browser = Browser(world).has_session_of(self.admin)

    def make(self, name: str, as_: str | None = None) -> None:
        """A group: one entry."""
        assert self.world.post(f"{self.base}/groups", as_ or self.admin, {"name": name}).status == 201

    def asked(self, **query: str) -> list[str]:
        """What the interface answers: the actions, newest first."""
        text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        return [one["action"] for one in self.world.every(f"{self.base}/audit?{text}", self.admin)]


@pytest.fixture
def trail(world: World, driver: Driver, course: str) -> Trail:
    return Trail(world, driver, course)


def test_the_trail_is_filtered_by_kind_person_and_time(trail: Trail) -> None:
    trail.make("Finance")
    trail.make("Sales", trail.driver.admin)
    trail.world.now += timedelta(days=3)
    trail.world.post(f"{trail.base}/locations", trail.admin, {"name": "Kiel"})
    trail.browser.has_session_of(trail.admin)
    page = trail.browser.open(f"{trail.base}/audit")
    assert "Finance" in page.text
    assert "your provider" in page.text
    assert trail.browser.open(page.link("Sales")).heading == "Sales"
    trail.browser.open(f"{trail.base}/audit")
    page = trail.browser.press("Show", kind="location")
    assert "Created a location" in page.text
    assert "Created a group" not in page.text
    page = trail.browser.open(f"{trail.base}/audit?kind=group&actor={trail.admin}")
    assert "Finance" in page.text
    assert "Sales" not in page.text
    day = (trail.world.now - timedelta(days=3)).date().isoformat()
    page = trail.browser.open(f"{trail.base}/audit?to={day}")
    assert "Kiel" not in page.text
    assert "Sales" in page.text
    page = trail.browser.open(f"{trail.base}/audit?from={trail.world.now.date().isoformat()}")
    assert "Kiel" in page.text
    assert "Sales" not in page.text
    page = trail.browser.open(f"{trail.base}/audit?kind=certificate&from=nonsense")
    assert "No entries match." in page.text
    assert trail.browser.follow("Clear filters").text.count("Created a group") == 2


def test_an_entry_says_in_words_what_was_done_to_what(trail: Trail) -> None:
    world, org = trail.world, trail.org
    group = world.group(org, "Finance", [trail.course])
    _, member = world.learner(org, first_name="Kim", last_name="Hale")
    assert world.patch(f"{trail.base}/members/{member}", trail.admin, {"group_ids": [group]}).status == 200
    training = world.post(f"{trail.base}/trainings", trail.admin, {"title": "First aid"}).json["training_id"]
    trail.driver.work()
    enrollments = f"{trail.base}/members/{member}/enrollments"
    (its,) = [one["enrollment_id"] for one in world.every(enrollments, trail.admin)]
    assert world.delete(f"{enrollments}/{its}", trail.admin).status == 204
    page = trail.browser.open(f"{trail.base}/audit")
    assert "Cancelled a course of one person Kim Hale Spotting Phishing" in page.text
    assert "Changed a person's details Kim Hale Show" in page.text
    assert "Groups none → Finance" in page.text
    assert "Created a live training First aid" in page.text
    assert trail.browser.open(page.link("First aid")).heading == "First aid"
    assert {member, group, training}.isdisjoint(page.text.split())
    # Every page that an entry leads to is there, also of a target with two parts.
    for name, href in page.links:
        if trail.base in href and "/audit" not in href:
            assert trail.browser.open(href).status == 200, (name, href)


def test_who_did_it_is_named_also_where_it_was_no_admin(trail: Trail) -> None:
    account, _ = trail.world.learner(trail.org)
    scope = access.org(trail.admin, trail.org, "audit")
    assert names_of(scope, ["join-page", "command", account, trail.admin]) == {
        "join-page": "the join page", "command": "your provider", account: "someone who is no longer an admin",
        trail.admin: "you",
    }  # fmt: skip


def test_who_may_see_the_trail_alone_learns_no_names_from_it(trail: Trail) -> None:
    world = trail.world
    _, member = world.learner(trail.org, first_name="Kim", last_name="Hale")
    assert world.patch(f"{trail.base}/members/{member}", trail.admin, {"last_name": "Vale"}).status == 200
    auditor = world.org_admin(trail.org, role="custom", permissions=["audit"])
    page = Browser(world).has_session_of(auditor).open(f"{trail.base}/audit")
    assert "Changed a person's details a person" in page.text
    assert "Kim" not in page.text
    assert "/learners/" not in page.answer.text


def test_every_action_that_is_written_has_its_words_and_its_filter() -> None:
    words = environment().get_template("orgs/audit_words.html").module.sentences  # type: ignore[attr-defined]
    kinds = {kind for kind, _ in KINDS}
    written = {name for path in SOURCES.rglob("*.py") for name in _actions(ast.parse(path.read_text("utf-8")))}
    assert {"member.archived", "trainings.enrolled", "role.", "import."} <= written
    for name in written:
        assert any(one == name or (name.endswith(".") and one.startswith(name)) for one in words), name
    assert {name.partition(".")[0] for name in words} == kinds


def _actions(tree: ast.Module) -> Iterator[str]:
    """Of every AuditEntry: its action, or what this begins with."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "AuditEntry":
            action = call.args[1]
            if isinstance(action, ast.Constant):
                yield str(action.value)
            elif isinstance(action, ast.JoinedStr) and isinstance(action.values[0], ast.Constant):
                yield str(action.values[0].value)


def test_the_interface_takes_the_same_filters(trail: Trail) -> None:
    trail.make("Finance")
    at = trail.world.now.isoformat()
    trail.world.now += timedelta(hours=1)
    trail.world.post(f"{trail.base}/locations", trail.driver.admin, {"name": "Kiel"})
    assert trail.asked() == ["location.created", "group.created"]
    assert trail.asked(kind="group") == ["group.created"]
    assert trail.asked(kind="group.created") == ["group.created"]
    assert trail.asked(kind="gro") == []
    assert trail.asked(actor=trail.driver.admin) == ["location.created"]
    assert trail.asked(since=trail.world.now.isoformat()) == ["location.created"]
    assert trail.asked(until=trail.world.now.isoformat()) == ["group.created"]
    assert trail.asked(since=at, until=at) == []
    assert trail.world.get(f"{trail.base}/audit?since=yesterday", trail.admin).status == 422


def test_rare_entries_are_found_over_pages(trail: Trail) -> None:
    trail.world.post(f"{trail.base}/locations", trail.admin, {"name": "Kiel"})
    for index in range(7):
        trail.make(f"Group {index}")
    assert trail.asked(kind="location", limit="1") == ["location.created"]
    assert trail.asked(kind="group", limit="2") == ["group.created"] * 7
    # A cursor is of its filters.
    cursor = trail.world.get(f"{trail.base}/audit?kind=group&limit=2", trail.admin).json["next_cursor"]
    assert trail.world.get(f"{trail.base}/audit?kind=location&cursor={cursor}", trail.admin).status == 422


def test_verification_says_up_to_which_entry_it_is_intact(trail: Trail) -> None:
    for index in range(3):
        trail.make(f"Group {index}")
    trail.browser.open(f"{trail.base}/audit")
    page = trail.browser.follow("Check that it is intact")
    number = trail.world.get(f"{trail.base}/audit/verify", trail.admin).json["num_entries"]
    assert f"Intact up to entry {number}." in page.text
    (item, *_) = [one for one in trail.world.dump("core") if one["pk"].endswith("#AUDIT") and one.get("actor")]
    trail.world.client("dynamodb").delete_item(
        TableName=trail.world.stage.environment["CORE_TABLE"],
        Key={name: {"S": item[name]} for name in ("pk", "sk")},
    )
    page = trail.browser.open(f"{trail.base}/audit/verify")
    assert "Not intact." in page.text
    assert "Tell your provider" in page.text


def test_an_evidence_pack_is_made_and_only_its_own_admin_gets_it(trail: Trail) -> None:
    trail.make("Finance")
    form = trail.browser.open(f"{trail.base}/audit").form("Create an evidence pack")
    page = trail.browser.send(form)
    assert "preparing" in page.text
    assert trail.browser.send(form).address == page.address
    trail.driver.work()
    page = trail.browser.open(page.address)
    assert page.link("Download").startswith("http")
    other = Browser(trail.world).has_session_of(trail.world.org_admin(trail.org))
    assert other.open(page.address).status == 404
    listed = trail.browser.open(f"{trail.base}/activity?show=exports")
    assert "Evidence pack" in listed.text
    assert "Evidence pack" not in other.open(f"{trail.base}/activity?show=exports").text


def test_activity_lists_exports_with_their_state_and_link(trail: Trail) -> None:
    page = trail.browser.open(f"{trail.base}/activity?show=exports")
    assert "Nothing was exported" in page.text
    page = trail.browser.press("Export the batches")
    assert "preparing" in page.text
    assert 'http-equiv="refresh"' in page.answer.text
    trail.driver.work()
    page = trail.browser.open(page.address)
    assert page.link("Download")
    # What is ready asks for nothing more.
    assert 'http-equiv="refresh"' not in page.answer.text
    listed = trail.world.every(f"{trail.base}/exports", trail.admin)
    assert [(one["kind"], one["status"], one["url"]) for one in listed] == [("batches", "ready", None)]
    page = trail.browser.open(f"{trail.base}/activity?show=exports")
    assert "Batches" in page.text
    trail.world.now += timedelta(days=8)
    trail.browser.has_session_of(trail.admin)
    assert "Nothing was exported" in trail.browser.open(f"{trail.base}/activity?show=exports").text
    assert trail.world.every(f"{trail.base}/exports", trail.admin) == []


def test_activity_shows_each_only_what_is_theirs(trail: Trail) -> None:
    world = trail.world
    docks = world.department(trail.org, "Docks")
    world.member(trail.org, status="active")
    form = trail.browser.open(f"{trail.base}/learners").form("Archive")
    trail.browser.send(form, which="all", go="archive")
    page = trail.browser.open(f"{trail.base}/activity")
    assert "Archive: 1 person" in page.text
    assert "not started" in page.text
    assert [name for name, _ in page.links if name in ("Uploads", "Exports", "Many learners at once")]
    admin = world.org_admin(trail.org, role="department_admin", department_ids=[docks])
    limited = Browser(world).has_session_of(admin)
    page = limited.open(f"{trail.base}/activity?show=uploads")
    assert "You haven't changed many learners at once yet." in page.text
    assert "Uploads" not in [name for name, _ in page.links]
    assert world.every(f"{trail.base}/bulk-actions", admin) == []


def test_days_at_the_ends_of_the_calendar_filter_nothing(trail: Trail) -> None:
    trail.make("Finance")
    trail.browser.has_session_of(trail.admin)
    for query in ("to=9999-12-31", "from=0001-01-01", "to=2999-12-31"):
        page = trail.browser.open(f"{trail.base}/audit?{query}")
        assert (page.status, "Finance" in page.text) == (200, True), query
