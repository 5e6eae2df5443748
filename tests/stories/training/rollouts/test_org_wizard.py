"""O1, O9: an organization's own wizard, for all of its people or for those of some departments."""

from typing import Any

import pytest

from chalicelib.aws import bulk
from chalicelib.training.batches import recipients
from tests.gateway import Answer
from tests.stories.driver import Driver
from tests.stories.firm import LATER, THEN, Firm


@pytest.fixture
def firm(driver: Driver, course: str) -> Firm:
    return Firm(driver, course)


# ---------------------------------------------------------------- whom it reaches


def test_each_way_of_targeting_reaches_whom_it_names(firm: Firm) -> None:
    everybody = {*firm.in_sales, *firm.in_north, *firm.in_legal, firm.nowhere}
    ways = [
        (firm.boss, "all", {}, everybody),
        (firm.boss, "groups", {"group_ids": [firm.group]}, {firm.in_sales[1], firm.in_north[1], firm.in_legal[1]}),
        (firm.boss, "exclude_groups", {"group_ids": [firm.group]},
         {firm.in_sales[0], firm.in_north[0], firm.in_legal[0], firm.nowhere}),
        (firm.boss, "group_names", {"group_names": ["Finance"]},
         {firm.in_sales[1], firm.in_north[1], firm.in_legal[1]}),
        (firm.boss, "departments", {"department_ids": [firm.sales]}, {*firm.in_sales, *firm.in_north}),
        (firm.boss, "individuals", {"member_ids": [firm.nowhere, firm.in_legal[0]]}, {firm.nowhere, firm.in_legal[0]}),
        (firm.boss, "filter", {"filter": {"department_ids": [firm.sales], "without": [firm.in_north[0]]}},
         {*firm.in_sales, firm.in_north[1]}),
        (firm.boss, "filter", {"filter": {"group_ids": [firm.group], "also": [firm.nowhere]}},
         {firm.in_sales[1], firm.in_north[1], firm.in_legal[1], firm.nowhere}),
        (firm.head, "filter", {"filter": {"group_ids": [firm.group], "also": [firm.nowhere, firm.in_north[0]]}},
         {firm.in_sales[1], *firm.in_north}),
        (firm.head, "filter", {"filter": {"statuses": ["pending"]}}, set()),
        (firm.head, "all", {}, {*firm.in_sales, *firm.in_north}),
        (firm.head, "groups", {"group_ids": [firm.group]}, {firm.in_sales[1], firm.in_north[1]}),
        (firm.head, "exclude_groups", {"group_ids": [firm.group]}, {firm.in_sales[0], firm.in_north[0]}),
        (firm.head, "group_names", {"group_names": ["Finance"]}, {firm.in_sales[1], firm.in_north[1]}),
        (firm.head, "departments", {"department_ids": [firm.north]}, {*firm.in_north}),
        (firm.head, "individuals", {"member_ids": [firm.in_north[0]]}, {firm.in_north[0]}),
    ]  # fmt: skip
    for who, mode, targeting, expected in ways:
        course = firm.world.course(firm.driver.msp)
        access = {"course_ids": [course, firm.course], "reply_to": "training@acme.example"}
        assert firm.world.put(f"/msp/organizations/{firm.org}/training-access", firm.driver.admin, access).status == 200
        chosen = {"course_id": course}
        counted = firm.preview(who, firm.form(mode, chosen, **targeting))["organizations"][0]["courses"][0]
        batch = firm.launch(who, mode, chosen, **targeting)
        assert firm.driver.enrolled(firm.org, course) == expected, (mode, who == firm.head)
        assert counted["will_enroll"] == len(expected)
        row = firm.world.get(firm.path(f"/{batch}"), who).json["courses"][0]
        assert (row["num_targeted"], row["num_enrolled"], row["status"]) == (len(expected), len(expected), "enrolled")


def test_who_is_excluded_is_counted_among_one_s_own_people(firm: Firm) -> None:
    form = firm.form("exclude_groups", group_ids=[firm.group])
    for who, num_excluded in ((firm.boss, 3), (firm.head, 2)):
        (counted,) = firm.preview(who, form)["organizations"][0]["courses"]
        assert counted["excluded"] == num_excluded


def test_all_of_a_department_admin_are_those_of_the_date(firm: Firm) -> None:
    firm.launch(firm.head, course={"enroll_on": LATER})
    firm.move(firm.in_sales[0], firm.legal)
    firm.move(firm.in_legal[0], firm.north)
    new = firm.world.member(firm.org, department_id=firm.sales)
    # A department that comes below theirs brings its people, one that leaves takes them away.
    below_legal = firm.world.department(firm.org, "Patents", firm.legal)
    in_patents = firm.world.member(firm.org, department_id=below_legal)
    firm.world.patch(f"/orgs/{firm.org}/departments/{below_legal}", firm.boss, {"parent_id": firm.sales})
    assert firm.enrolled() == set()
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == {firm.in_sales[1], *firm.in_north, firm.in_legal[0], new, in_patents}


def test_a_department_that_left_the_admin_s_before_the_date_is_not_reached(firm: Firm) -> None:
    firm.launch(firm.head, "departments", {"enroll_on": LATER}, department_ids=[firm.north])
    firm.world.patch(f"/orgs/{firm.org}/departments/{firm.north}", firm.boss, {"parent_id": firm.legal})
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == set()


def test_individuals_are_fixed_at_launch_but_for_those_who_have_left(firm: Firm) -> None:
    batch = firm.launch(firm.head, "individuals", {"enroll_on": LATER}, member_ids=[*firm.in_sales, firm.in_north[0]])
    firm.move(firm.in_sales[0], firm.legal)
    assert firm.world.post(f"/orgs/{firm.org}/members/{firm.in_north[0]}/archive", firm.boss).status == 200
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == set(firm.in_sales)
    assert firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]["num_targeted"] == 2


@pytest.mark.parametrize("size", [2, 5])
def test_who_moves_inside_the_departments_while_they_are_read_is_not_missed(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    places = [firm.north, firm.sales]
    movers = {firm.world.member(firm.org, department_id=place): place for place in places * 2}
    outside = firm.world.member(firm.org, department_id=firm.legal)
    client = bulk.client

    class Moving:
        """Everybody is in the other department at each read of a roster. Who reads the two one by one misses half."""

        def __init__(self, service: str) -> None:
            self._client = client(service)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def query(self, **request: Any) -> Any:
            for member, place in movers.items():
                movers[member] = places[1 - places.index(place)]
                firm.move(member, movers[member])
            return self._client.query(**request)

    monkeypatch.setattr(bulk, "client", Moving)
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (size,))
    batch = firm.launch(firm.head)
    assert firm.enrolled() == {*firm.in_sales, *firm.in_north, *movers}
    assert outside not in firm.enrolled()
    row = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]
    assert (row["status"], row["num_targeted"], row["num_enrolled"]) == ("enrolled", 8, 8)


def _kept(firm: Firm, who: str, **filter_: Any) -> str:
    made = firm.world.post(f"/orgs/{firm.org}/filters", who, {"name": "Nurses", "filter": filter_})
    assert made.status == 201, made.text
    return str(made.json["filter_id"])


def test_a_filter_matches_on_the_date_and_its_batch_outlives_it(firm: Firm) -> None:
    nurse = {"fields": {"job_title": "Nurse"}}
    first = firm.world.member(firm.org, department_id=firm.sales, **nurse)
    kept = _kept(firm, firm.head, fields={"job_title": ["nurse"]})
    batch = firm.launch(firm.head, "filter", {"enroll_on": LATER}, filter={"filter_id": kept})
    firm.world.patch(f"/orgs/{firm.org}/filters/{kept}", firm.head, {"filter": {"group_ids": [firm.group]}})
    assert firm.world.delete(f"/orgs/{firm.org}/filters/{kept}", firm.head).status == 204
    later = firm.world.member(firm.org, department_id=firm.north, **nurse)
    gone = firm.world.member(firm.org, department_id=firm.north, **nurse)
    firm.world.patch(f"/orgs/{firm.org}/members/{gone}", firm.boss, {"fields": {"job_title": "Doctor"}})
    firm.world.member(firm.org, department_id=firm.legal, **nurse)
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == {first, later}
    copy = firm.world.get(firm.path(f"/{batch}/as-launch"), firm.head).json
    assert copy["targeting"]["filter"]["fields"] == {"job_title": ["nurse"]}
    assert firm.send(firm.head, copy).status == 202


def test_a_plan_notices_that_its_filter_says_something_else(firm: Firm) -> None:
    kept = _kept(firm, firm.head, group_ids=[firm.group])
    form = firm.form("filter", filter={"filter_id": kept})
    plan = firm.preview(firm.head, form)["plan_id"]
    changed = firm.world.patch(f"/orgs/{firm.org}/filters/{kept}", firm.head, {"filter": {}})
    assert changed.status == 200
    refused = firm.send(firm.head, {**form, "plan_id": plan})
    assert (refused.status, refused.json["differences"]) == (409, [{"org_id": firm.org, "changed": ["filter"]}])
    assert firm.world.delete(f"/orgs/{firm.org}/filters/{kept}", firm.head).status == 204
    refused = firm.send(firm.head, {**form, "plan_id": plan})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "targeting.filter.filter_id")


def test_a_filter_of_another_admin_is_unknown_to_who_is_limited(firm: Firm) -> None:
    kept = _kept(firm, firm.boss, group_ids=[firm.group])
    refused = firm.send(firm.head, firm.form("filter", filter={"filter_id": kept}))
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "unknown_filter")


def test_what_a_scheduled_filter_names_is_not_deleted(firm: Firm) -> None:
    spare = firm.world.location(firm.org, "Hall")
    firm.launch(firm.boss, "filter", {"enroll_on": LATER}, filter={"location_ids": [spare]})
    refused = firm.world.delete(f"/orgs/{firm.org}/locations/{spare}", firm.boss)
    assert (refused.status, refused.json["used_by"]) == (409, ["unfinished batches"])


# ---------------------------------------------------------------- what is refused


def test_what_is_not_one_s_own_is_unknown_with_the_field_named(firm: Firm) -> None:
    pending = firm.world.member(firm.org, status="pending", department_id=firm.sales)
    elsewhere = firm.world.org(firm.driver.msp, "Next door")
    stranger, strange = firm.world.member(elsewhere), firm.world.department(elsewhere, "Strange")
    before = firm.driver.everything()
    ways: list[tuple[str, str, dict[str, Any], str]] = [
        (firm.head, "individuals", {"member_ids": [firm.in_sales[0], firm.in_legal[0]]}, "targeting.member_ids.1"),
        (firm.head, "individuals", {"member_ids": [firm.nowhere]}, "targeting.member_ids.0"),
        (firm.head, "individuals", {"member_ids": [pending]}, "targeting.member_ids.0"),
        (firm.boss, "individuals", {"member_ids": [pending]}, "targeting.member_ids.0"),
        (firm.boss, "individuals", {"member_ids": [stranger]}, "targeting.member_ids.0"),
        (firm.boss, "individuals", {"member_ids": [firm.nowhere, firm.nowhere]}, "targeting.member_ids.1"),
        (firm.boss, "individuals", {"member_ids": []}, "targeting"),
        (firm.boss, "individuals", {"member_ids": [str(number) for number in range(1001)]}, "targeting.member_ids"),
        (firm.boss, "all", {"department_ids": [firm.sales]}, "targeting"),
        (firm.head, "departments", {"department_ids": [firm.north, firm.legal]}, "targeting.department_ids.1"),
        (firm.boss, "departments", {"department_ids": [strange]}, "targeting.department_ids.0"),
        (firm.boss, "groups", {"group_ids": ["nobody"]}, "targeting.group_ids.0"),
    ]
    for who, mode, targeting, field in ways:
        refused = firm.send(who, firm.form(mode, **targeting))
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, field), refused.text
        refused = firm.world.post(firm.path("/preview"), who, firm.form(mode, **targeting))
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, field), refused.text
    assert firm.driver.everything() == before


def test_the_msp_s_wizard_does_not_take_individuals_and_departments(firm: Firm) -> None:
    for targeting in (
        {"mode": "individuals", "member_ids": [firm.nowhere]},
        {"mode": "departments", "department_ids": [firm.sales]},
        {"mode": "filter", "filter": {}},
    ):
        refused = firm.driver.send(firm.driver.form([firm.org], [firm.course], targeting=targeting))
        assert refused.status == 422


# ---------------------------------------------------------------- who sees and changes which batch


def _changes(firm: Firm, batch: str, who: str) -> list[Answer]:
    row = f"/{batch}/courses/{firm.course}"
    asked = [firm.world.post(firm.path(f"{row}/{verb}"), who) for verb in ("retry", "remind", "cancel")]
    asked += [firm.world.post(firm.path(f"/{batch}/{verb}"), who) for verb in ("cancel", "undo")]
    return [*asked, firm.world.patch(firm.path(row), who, {"due_by": "2027-12-31"})]


def test_what_the_msp_launched_is_listed_marked_and_cannot_be_changed_here(firm: Firm) -> None:
    (batch,) = firm.driver.launch(firm.org, [firm.course])
    assert firm.batches(firm.boss) == {batch: "msp"}
    assert firm.world.get(firm.path(f"/{batch}"), firm.boss).json["launched_by"] == "msp"
    assert len(firm.world.every(firm.path(f"/{batch}/courses/{firm.course}/learners"), firm.boss)) == 7
    before = firm.driver.everything()
    for answer in _changes(firm, batch, firm.boss):
        assert (answer.status, answer.json["code"]) == (403, "launched_by_msp")
    # It concerns the whole organization: who is limited to departments does not see it.
    assert firm.batches(firm.head) == {}
    assert {answer.status for answer in _changes(firm, batch, firm.head)} == {404}
    assert firm.driver.everything() == before
    # Its own admins may, from here too.
    assert firm.world.post(firm.path(f"/{batch}/undo"), firm.driver.admin).status == 202
    firm.driver.work()
    assert firm.world.get(firm.path(f"/{batch}/undo"), firm.boss).json["reversed"] == 7


def test_the_organization_s_own_batch_is_changed_as_the_msp_s_are(firm: Firm) -> None:
    batch = firm.launch(firm.boss, course={"enroll_on": LATER})
    row = firm.path(f"/{batch}/courses/{firm.course}")
    changed = firm.world.patch(row, firm.boss, {"enroll_on": "2027-01-20", "due_by": "2027-03-01"})
    assert (changed.json["enroll_on"], changed.json["due_by"]) == ("2027-01-20", "2027-03-01")
    firm.driver.until("2027-01-20T12:00:00")
    firm.driver.work()
    firm.driver.fire()
    assert len(firm.enrolled()) == 7
    assert firm.world.post(f"{row}/remind", firm.boss).status == 202
    assert firm.world.post(firm.path(f"/{batch}/undo"), firm.boss).status == 202
    firm.driver.work()
    assert firm.world.get(firm.path(f"/{batch}/undo"), firm.boss).json["reversed"] == 7
    # The MSP sees it, and may change all of it.
    listed = firm.world.every(f"/msp/training/{firm.org}", firm.driver.admin)
    assert [(one["batch_id"], one["launched_by"]) for one in listed] == [(batch, "organization")]
    assert firm.world.every("/msp/rollouts", firm.driver.admin) == []


def test_a_denied_course_is_retried_inside_the_organization(firm: Firm) -> None:
    other = firm.world.course(firm.driver.msp)
    batch = firm.launch(firm.head, course={"course_id": other})
    page = firm.world.get(firm.path(f"/{batch}"), firm.head).json
    assert page["courses"][0]["status"] == "access_denied"
    access = {"course_ids": [firm.course, other], "reply_to": "training@acme.example"}
    firm.world.put(f"/msp/organizations/{firm.org}/training-access", firm.driver.admin, access)
    assert firm.world.post(firm.path(f"/{batch}/courses/{other}/retry"), firm.head).status == 202
    firm.driver.work()
    assert firm.driver.enrolled(firm.org, other) == {*firm.in_sales, *firm.in_north}


def test_department_admins_see_what_reaches_their_people_only(firm: Firm) -> None:
    of_sales, of_all = firm.launch(firm.head), firm.launch(firm.boss)
    of_legal = firm.launch(firm.head_of(firm.legal))
    of_both = firm.launch(firm.head_of(firm.sales, firm.legal))
    of_north = firm.launch(firm.head_of(firm.north))
    assert firm.batches(firm.boss).keys() == {of_sales, of_all, of_legal, of_both, of_north}
    assert set(firm.batches(firm.boss).values()) == {"organization"}
    assert firm.batches(firm.head).keys() == {of_sales, of_north}
    for batch in (of_all, of_legal, of_both):
        assert {answer.status for answer in _changes(firm, batch, firm.head)} == {404}
        for rest in ("", "/undo", "/as-launch", f"/courses/{firm.course}/learners"):
            assert firm.world.get(firm.path(f"/{batch}{rest}"), firm.head).status == 404
        export = firm.path(f"/{batch}/courses/{firm.course}/learners/export")
        assert firm.world.post(export, firm.head).status == 404
    # Whatever the batches of North are, they are theirs while North is.
    firm.world.patch(f"/orgs/{firm.org}/departments/{firm.north}", firm.boss, {"parent_id": firm.legal})
    assert firm.batches(firm.head).keys() == {of_sales}


def test_learners_who_moved_away_are_not_shown_any_more(firm: Firm) -> None:
    batch = firm.launch(firm.head)
    path = firm.path(f"/{batch}/courses/{firm.course}/learners")
    firm.move(firm.in_north[0], firm.legal)
    assert {one["member_id"] for one in firm.world.every(path, firm.head)} == {*firm.in_sales, firm.in_north[1]}
    assert len(firm.world.every(path, firm.boss)) == 4


def test_pages_of_a_limited_list_hold_what_they_should(firm: Firm) -> None:
    mine = {firm.launch(firm.head, course={"enroll_on": LATER}) for _ in range(3)}
    for _ in range(3):
        firm.launch(firm.boss, course={"enroll_on": LATER})
        mine.add(firm.launch(firm.head, course={"enroll_on": LATER}))
    seen, cursor = [], ""
    while True:
        page = firm.world.get(firm.path(f"?limit=2{cursor}"), firm.head).json
        seen += [one["batch_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(mine)


# ---------------------------------------------------------------- plans, and what changes under them


def test_a_plan_notices_who_moved_since(firm: Firm) -> None:
    form = firm.form()
    for change in (
        lambda: firm.move(firm.in_legal[0], firm.sales),
        lambda: firm.world.patch(f"/orgs/{firm.org}/departments/{firm.north}", firm.boss, {"parent_id": firm.legal}),
    ):
        plan = firm.preview(firm.head, form)["plan_id"]
        change()
        refused = firm.send(firm.head, {**form, "plan_id": plan})
        assert (refused.status, refused.json["code"]) == (409, "plan_changed")
        assert refused.json["differences"] == [{"org_id": firm.org, "changed": ["people"]}]
    plan = firm.preview(firm.head, form)["plan_id"]
    assert firm.send(firm.head, {**form, "plan_id": plan}).status == 202


def test_who_loses_the_role_between_preview_and_launch_launches_nothing(firm: Firm) -> None:
    form = firm.form()
    plan = firm.preview(firm.head, form)["plan_id"]
    assert firm.world.delete(f"/orgs/{firm.org}/admins/{firm.head}", firm.boss).status == 204
    before = firm.driver.everything()
    assert firm.send(firm.head, {**form, "plan_id": plan}).status == 404
    assert firm.world.get(firm.path(f"/preview/{plan}"), firm.head).status == 404
    assert firm.driver.everything() == before


def test_a_scheduled_batch_of_an_admin_who_left_stays_the_organization_s(firm: Firm) -> None:
    batch = firm.launch(firm.head, course={"enroll_on": LATER})
    assert firm.world.delete(f"/orgs/{firm.org}/admins/{firm.head}", firm.boss).status == 204
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == {*firm.in_sales, *firm.in_north}
    assert batch in firm.batches(firm.head_of(firm.sales))


def test_plans_are_quoted_by_those_with_the_same_limits_only(firm: Firm) -> None:
    form = firm.form()
    of_boss, of_head = (firm.preview(who, form)["plan_id"] for who in (firm.boss, firm.head))
    for who, plan in ((firm.head, of_boss), (firm.head_of(firm.legal), of_head)):
        assert firm.world.get(firm.path(f"/preview/{plan}"), who).status == 404
        refused = firm.send(who, {**form, "plan_id": plan})
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, "unknown_plan")
    assert firm.world.get(f"/msp/training/preview/{of_head}", firm.driver.admin).status == 404


def test_the_same_submission_launches_once(firm: Firm) -> None:
    answers = [firm.send(firm.head, firm.form(), key="once") for _ in range(2)]
    assert answers[0].json == answers[1].json
    firm.driver.work()
    assert len(firm.batches(firm.boss)) == 1
    assert firm.send(firm.head, firm.form("departments", department_ids=[firm.north]), key="once").status == 422
    unkeyed = firm.world.post(firm.path("/enrollment"), firm.head, firm.form())
    assert (unkeyed.status, unkeyed.json["errors"][0]["field"]) == (422, "Idempotency-Key")


def test_a_department_that_a_scheduled_batch_needs_is_not_deleted(firm: Firm) -> None:
    spare = firm.world.department(firm.org, "Spare")
    batch = firm.launch(firm.boss, "departments", {"enroll_on": LATER}, department_ids=[spare])
    path = f"/orgs/{firm.org}/departments/{spare}"
    refused = firm.world.delete(path, firm.boss)
    assert (refused.status, refused.json["used_by"]) == (409, ["unfinished batches"])
    assert firm.world.post(firm.path(f"/{batch}/cancel"), firm.boss).status == 202
    assert firm.world.delete(path, firm.boss).status == 204


# ---------------------------------------------------------------- copies, exports, courses, mails


def test_a_batch_is_copied_for_the_people_that_it_was_for(firm: Firm) -> None:
    batch = firm.launch(firm.head)
    copy = firm.world.get(firm.path(f"/{batch}/as-launch"), firm.head).json
    assert copy["targeting"]["mode"] == "all"
    copy = firm.world.get(firm.path(f"/{batch}/as-launch"), firm.boss).json
    assert (copy["targeting"]["mode"], copy["targeting"]["department_ids"]) == ("departments", [firm.sales])
    assert "org_ids" not in copy
    assert firm.send(firm.boss, copy).status == 202
    # The MSP's wizard has no departments: it would launch for everybody.
    refused = firm.world.get(f"/msp/training/{firm.org}/{batch}/as-launch", firm.driver.admin)
    assert (refused.status, refused.json["code"]) == (409, "not_copyable")
    of_group = firm.launch(firm.head, "groups", group_ids=[firm.group])
    refused = firm.world.get(firm.path(f"/{of_group}/as-launch"), firm.boss)
    assert (refused.status, refused.json["code"]) == (409, "not_copyable")


def test_exports_hold_what_their_admin_sees(firm: Firm) -> None:
    batch = firm.launch(firm.head)
    firm.launch(firm.boss)
    firm.move(firm.in_north[0], firm.legal)
    exports = {}
    for who in (firm.head, firm.boss):
        for rest in ("/export", f"/{batch}/courses/{firm.course}/learners/export"):
            asked = firm.world.post(firm.path(rest), who)
            assert asked.status == 202, asked.text
            exports[who, rest[-15:]] = asked.json["export_id"]
    firm.driver.work()

    def read(who: str, export_id: str) -> Answer:
        return firm.world.get(f"/orgs/{firm.org}/exports/{export_id}", who)

    numbers = {key: read(key[0], export_id).json["num_rows"] for key, export_id in exports.items()}
    assert list(numbers.values()) == [1, 3, 2, 4]
    assert read(firm.head, exports[firm.boss, "/export"]).status == 404
    assert read(firm.head_of(firm.sales), exports[firm.head, "/export"]).status == 404
    assert read(firm.boss, exports[firm.head, "/export"]).status == 200
    assert firm.world.get(f"/msp/exports/{exports[firm.head, '/export']}", firm.driver.admin).status == 404


def test_courses_are_those_that_the_organization_may_use_with_their_seats(firm: Firm) -> None:
    limited, other = (firm.world.course(firm.driver.msp, title) for title in ("Safe Driving", "Not ours"))
    access = {"course_ids": [firm.course, limited], "reply_to": "t@acme.example", "seats": {limited: 5}}
    firm.world.put(f"/msp/organizations/{firm.org}/training-access", firm.driver.admin, access)
    firm.launch(firm.head, course={"course_id": limited})
    path = f"/orgs/{firm.org}/courses"
    seats = {one["course_id"]: one["seats"] for one in firm.world.every(path, firm.boss)}
    assert seats == {firm.course: None, limited: {"limit": 5, "taken": 4, "free": 1}}
    (found,) = firm.world.get(f"{path}?search=driv", firm.head).json["items"]
    assert found["seats"] == {"limit": None, "taken": None, "free": 1}
    assert firm.world.get(f"{path}?limit=1", firm.boss).json["next_cursor"] is not None
    assert other not in seats
