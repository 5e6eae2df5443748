"""The form of a launch: what is refused, with the field that is wrong, and the dates that result from it."""

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import Invalid
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches.local_dates import CourseDates, local_date
from chalicelib.training.progress.schemas import EnrollmentChange
from chalicelib.training.rollouts import form
from chalicelib.training.rollouts.form_store import References
from chalicelib.training.rollouts.schemas import Launch, WizardForm

NOW = datetime(2027, 1, 4, 10, 30, tzinfo=UTC)
TODAY = date(2027, 1, 4)


def launch(**fields: Any) -> WizardForm:
    plain = {"name": "Q1 awareness", "org_ids": ["o1"], "courses": [{"course_id": "c1"}]}
    return Launch.model_validate_json(json.dumps({**plain, **fields}), strict=True).form()


def org(org_id: str = "o1", **fields: Any) -> Org:
    plain = {"time_zone": "Europe/Berlin", "reply_to": "training@acme.example", "num_entitled": 1}
    return Org("MSP#m", f"ORG#{org_id}", org_id=org_id, msp_id="m", name=f"Client {org_id}", **{**plain, **fields})


def references(*orgs: Org, courses: str = "c1", groups: str = "") -> References:
    org_by_id = {item.org_id: item for item in orgs or (org(),)}
    today = {org_id: local_date(NOW, ZoneInfo(item.time_zone or "UTC")) for org_id, item in org_by_id.items()}
    library = {course_id: Course(course_id=course_id, title=f"Course {course_id}") for course_id in courses.split()}
    return References(org_by_id, library, frozenset(groups.split()), today)


def refused_size(body: WizardForm) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        form.check_size(body)
    return {(error.field, error.code) for error in caught.value.errors}


def refused(body: WizardForm, existing: References) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        form.check(body, existing)
    return {(error.field, error.code) for error in caught.value.errors}


def unreadable(**fields: Any) -> set[tuple[str, ...]]:
    with pytest.raises(ValidationError) as caught:
        launch(**fields)
    return {tuple(str(part) for part in error["loc"]) for error in caught.value.errors()}


# ---------------------------------------------------------------- numbers and repetitions


@pytest.mark.parametrize("count", [1, 25])
def test_one_to_25_organizations_can_be_chosen(count: int) -> None:
    form.check_size(launch(org_ids=[f"o{index}" for index in range(count)]))


@pytest.mark.parametrize("count", [0, 26])
def test_no_organization_and_26_are_refused(count: int) -> None:
    body = launch(org_ids=[f"o{index}" for index in range(count)])
    assert refused_size(body) == {("org_ids", "wrong_number")}


@pytest.mark.parametrize("count", [1, 50])
def test_one_to_50_courses_can_be_chosen(count: int) -> None:
    form.check_size(launch(courses=[{"course_id": f"c{index}"} for index in range(count)]))


@pytest.mark.parametrize("count", [0, 51])
def test_no_course_and_51_are_refused(count: int) -> None:
    body = launch(courses=[{"course_id": f"c{index}"} for index in range(count)])
    assert refused_size(body) == {("courses", "wrong_number")}


def test_repetitions_are_named_where_they_are() -> None:
    body = launch(org_ids=["o1", "o2", "o1"], courses=[{"course_id": "c1"}, {"course_id": "c1"}])
    assert refused_size(body) == {("org_ids.2", "repeated"), ("courses.1", "repeated")}


def test_group_ids_are_for_one_client_only() -> None:
    body = launch(org_ids=["o1", "o2"], targeting={"mode": "exclude_groups", "group_ids": ["g1"]})
    assert refused_size(body) == {("targeting.group_ids", "groups_need_one_org")}


def test_group_names_are_for_any_number_of_clients() -> None:
    form.check_size(launch(org_ids=["o1", "o2"], targeting={"mode": "group_names", "group_names": ["Finance"]}))


def test_a_preset_allows_no_dates_beside_it() -> None:
    courses = [{"course_id": "c1", "enroll_on": "2027-01-05"}, {"course_id": "c2", "due_by": "2027-02-01"}]
    body = launch(courses=courses, schedule={"preset": "monthly_stagger", "start_on": "2027-01-05"})
    assert refused_size(body) == {
        ("courses.0.enroll_on", "dates_beside_preset"),
        ("courses.1.due_by", "dates_beside_preset"),
    }


# ---------------------------------------------------------------- what exists, and is ready


def test_unknown_organizations_courses_and_groups_are_all_named_at_once() -> None:
    body = launch(
        org_ids=["o9"],
        courses=[{"course_id": "c1"}, {"course_id": "c9"}],
        targeting={"mode": "groups", "group_ids": ["g1", "g9"]},
    )
    assert refused(body, references(groups="g1")) == {
        ("org_ids.0", "unknown"),
        ("courses.1.course_id", "unknown"),
        ("targeting.group_ids.1", "unknown"),
    }


@pytest.mark.parametrize(
    ("lacking", "word"),
    [({"time_zone": None}, "time zone"), ({"reply_to": None}, "reply-to address"), ({"num_entitled": 0}, "courses")],
)
def test_a_client_that_is_not_ready_is_refused_and_told_what_is_missing(lacking: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid) as caught:
        form.check(launch(org_ids=["o1", "o2"]), references(org("o1"), org("o2", **lacking)))
    (error,) = caught.value.errors
    assert (error.field, error.code) == ("org_ids.1", "org_not_ready")
    assert "Client o2" in error.message
    assert word in error.message


# ---------------------------------------------------------------- dates


def test_an_enroll_date_of_yesterday_is_refused_and_today_is_not() -> None:
    courses = [{"course_id": "c1", "enroll_on": "2027-01-03"}, {"course_id": "c2", "enroll_on": "2027-01-04"}]
    assert refused(launch(courses=courses), references(courses="c1 c2")) == {("courses.0.enroll_on", "in_the_past")}


def test_a_date_is_past_only_when_it_is_past_at_every_client() -> None:
    # It is the 5th on Kiritimati and the 3rd on Pago Pago.
    existing = references(org("o1", time_zone="Pacific/Kiritimati"), org("o2", time_zone="Pacific/Pago_Pago"))
    body = launch(org_ids=["o1", "o2"], courses=[{"course_id": "c1", "enroll_on": "2027-01-03"}])
    assert form.check(body, existing)[0].enroll_on == date(2027, 1, 3)
    too_late = launch(org_ids=["o1", "o2"], courses=[{"course_id": "c1", "enroll_on": "2027-01-02"}])
    assert refused(too_late, existing) == {("courses.0.enroll_on", "in_the_past")}


@pytest.mark.parametrize("due_by", ["2027-01-09", "2027-01-10"])
def test_a_due_date_before_or_on_the_enroll_date_is_refused(due_by: str) -> None:
    body = launch(courses=[{"course_id": "c1", "enroll_on": "2027-01-10", "due_by": due_by}])
    assert refused(body, references()) == {("courses.0.due_by", "not_after_enroll")}


def test_a_due_date_of_today_is_refused_for_a_course_that_starts_now() -> None:
    assert refused(launch(courses=[{"course_id": "c1", "due_by": "2027-01-04"}]), references()) == {
        ("courses.0.due_by", "not_after_enroll")
    }
    assert form.check(launch(courses=[{"course_id": "c1", "due_by": "2027-01-05"}]), references())


def test_a_stagger_that_started_yesterday_is_refused() -> None:
    body = launch(schedule={"preset": "monthly_stagger", "start_on": "2027-01-03"})
    assert refused(body, references()) == {("schedule.start_on", "in_the_past")}


def test_a_stagger_gives_each_course_its_dates_in_the_order_of_the_form() -> None:
    body = launch(
        courses=[{"course_id": "c2"}, {"course_id": "c1"}],
        schedule={"preset": "monthly_stagger", "start_on": "2027-01-31", "days_to_complete": 10},
    )
    planned = form.check(body, references(courses="c1 c2"))
    assert [(course.course_id, course.title, course.enroll_on, course.due_by) for course in planned] == [
        ("c2", "Course c2", date(2027, 1, 31), date(2027, 2, 10)),
        ("c1", "Course c1", date(2027, 2, 28), date(2027, 3, 10)),
    ]


def test_all_immediate_starts_now_and_counts_its_days_from_today() -> None:
    body = launch(
        courses=[{"course_id": "c1"}, {"course_id": "c2"}],
        schedule={"preset": "all_immediate", "days_to_complete": 30},
    )
    assert form.resolved_dates(body, TODAY) == [CourseDates(None, date(2027, 2, 3))] * 2


def test_all_immediate_without_days_has_no_due_date() -> None:
    body = launch(schedule={"preset": "all_immediate"})
    assert form.resolved_dates(body, TODAY) == [CourseDates(None, None)]


# ---------------------------------------------------------------- the form itself


@pytest.mark.parametrize(
    "schedule",
    [
        {"preset": "monthly_stagger"},
        {"preset": "all_immediate", "start_on": "2027-01-05"},
    ],
)
def test_start_on_belongs_to_the_stagger_and_to_nothing_else(schedule: dict[str, Any]) -> None:
    assert unreadable(schedule=schedule) == {("schedule",)}


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "30"])
def test_days_to_complete_is_a_whole_number_of_days_up_to_ten_years(days: object) -> None:
    schedule = {"preset": "all_immediate", "days_to_complete": days}
    assert unreadable(schedule=schedule) == {("schedule", "days_to_complete")}


@pytest.mark.parametrize(
    "targeting",
    [
        {"mode": "groups"},
        {"mode": "exclude_groups"},
        {"mode": "all", "group_ids": ["g1"]},
        {"mode": "group_names"},
        {"mode": "groups", "group_ids": ["g1"], "group_names": ["Finance"]},
        {"mode": "group_names", "group_names": ["Finance"], "group_ids": ["g1"]},
    ],
)
def test_groups_go_with_the_modes_that_name_groups(targeting: dict[str, Any]) -> None:
    assert unreadable(targeting=targeting) == {("targeting",)}


def test_individuals_cannot_be_targeted_by_an_msp() -> None:
    assert unreadable(targeting={"mode": "individuals"}) == {("targeting", "mode")}


@pytest.mark.parametrize("field", ["enroll_on", "due_by"])
@pytest.mark.parametrize("day", ["2027-02-29", "04/01/2027", "", 20270104, "9999-12-31"])
def test_a_date_that_no_calendar_can_carry_on_from_is_refused(field: str, day: object) -> None:
    assert unreadable(courses=[{"course_id": "c1", field: day}]) == {("courses", "0", field)}


def test_a_stagger_cannot_run_out_of_the_calendar() -> None:
    schedule = {"preset": "monthly_stagger", "start_on": "9999-12-01"}
    assert unreadable(schedule=schedule) == {("schedule", "start_on")}


def test_results_and_due_dates_that_admins_enter_stay_within_the_calendar() -> None:
    for change in ({"due_by": "9999-12-31"}, {"result": {"completed_at": "0001-01-01"}}):
        with pytest.raises(ValidationError):
            EnrollmentChange.model_validate_json(json.dumps(change), strict=True)


def test_notifications_are_off_unless_switched_on() -> None:
    assert launch().notifications.model_dump() == {"enrollment": False, "reminders": False}
