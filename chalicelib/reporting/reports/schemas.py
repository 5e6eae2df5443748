"""Requests and answers of reports."""

from collections.abc import Sequence
from datetime import date

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.reporting.reports.states import ReportStatus, SeriesStep
from chalicelib.training.batches.schemas import Day
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import Form


class Period(Form):
    """Both days belong to it; a side that is left out is open."""

    from_: Day | None = Field(None, alias="from", description="The first day, in the organization's time zone.")
    to: Day | None = Field(None, description="The last day.")

    @field_validator("to")
    @classmethod
    def _is_in_order(cls, to: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("from_")
        if first is not None and to is not None and to < first:
            raise PydanticCustomError("before_from", "The last day can't be before the first.")
        return to


class ReportQuery(Period, PageQuery):
    pass


class CourseReportQuery(ReportQuery):
    course_id: Id | None = Field(None, description="Only this course, with its own series.")


class TrainingReportQuery(ReportQuery):
    training_id: Id | None = Field(None, description="Only this training, with its own series.")


class DepartmentReportQuery(ReportQuery):
    department_id: Id | None = Field(None, description="Only this department, with its own series.")


class ClientReportQuery(ReportQuery):
    org_id: Id | None = Field(None, description="Only this client, with its own series.")


# ---------------------------------------------------------------- numbers


class CourseNumbers(BaseModel):
    """Each number counts enrollments by a day of its own."""

    num_enrolled: int = Field(description="Enrolled in the period, and not cancelled or withdrawn since.")
    num_started: int = Field(description="Started in the period.")
    num_completed: int = Field(description="Completed in the period.")
    num_due: int = Field(description="Whose due date is in the period.")
    num_due_completed: int = Field(description="Of those due: completed by now, in time or not.")
    num_overdue: int = Field(description="Of those due: not completed, and the due date has passed.")


class TrainingNumbers(BaseModel):
    """Participants of the sessions that start in the period, by their status now."""

    num_sessions: int = Field(description="Sessions that start in the period, cancelled ones too.")
    num_waiting: int
    num_invited: int
    num_confirmed: int
    num_declined: int
    num_attended: int
    num_absent: int
    num_cancelled: int


class DepartmentNumbers(TrainingNumbers, CourseNumbers):
    pass


class _Point(BaseModel):
    starts_on: date = Field(description="The first day of what the point stands for.")


class CoursePoint(CourseNumbers, _Point):
    pass


class TrainingPoint(TrainingNumbers, _Point):
    pass


class DepartmentPoint(TrainingNumbers, CourseNumbers, _Point):
    pass


class _Series(BaseModel):
    step: SeriesStep = Field(description="What each point stands for: the shortest with which there are at most 100.")


class CourseSeries(_Series):
    points: Sequence[CoursePoint] = Field(description="In order of time; those without anything are left out.")


class TrainingSeries(_Series):
    points: Sequence[TrainingPoint] = Field(description="In order of time; those without anything are left out.")


class DepartmentSeries(_Series):
    points: Sequence[DepartmentPoint] = Field(description="In order of time; those without anything are left out.")


# ---------------------------------------------------------------- lines


class CourseLine(CourseNumbers):
    course_id: str
    title: str


class TrainingLine(TrainingNumbers):
    training_id: str
    title: str


class SessionLine(TrainingNumbers):
    session_id: str
    training_id: str
    title: str
    starts_at: str = Field(description="Local date and time, in `time_zone`.")
    time_zone: str
    is_cancelled: bool


class DepartmentLine(TrainingNumbers, CourseNumbers):
    """The people of this department, without those of departments below it. Null: of no department."""

    department_id: str | None
    title: str | None
    num_members: int = Field(description="Active people, whatever the period.")


class ClientLine(CourseNumbers):
    org_id: str
    title: str
    num_members: int = Field(description="Active people, whatever the period.")


# ---------------------------------------------------------------- answers


class ReportState(BaseModel):
    """`as_of` is the instant that the numbers are as of; what happened later may be counted in part.

    Null before they were counted for the first time.
    """

    status: ReportStatus
    as_of: str | None
    counting_since: str | None = Field(None, description="While newer numbers are being counted.")
    code: str | None = None
    explanation: str | None = None


class CourseReport(ReportState):
    totals: CourseNumbers
    series: CourseSeries
    items: Sequence[CourseLine]
    next_cursor: str | None


class TrainingReport(ReportState):
    totals: TrainingNumbers
    series: TrainingSeries
    items: Sequence[TrainingLine]
    next_cursor: str | None


class SessionReport(ReportState):
    totals: TrainingNumbers
    series: TrainingSeries
    items: Sequence[SessionLine]
    next_cursor: str | None


class DepartmentReport(ReportState):
    totals: DepartmentNumbers
    series: DepartmentSeries
    items: Sequence[DepartmentLine]
    next_cursor: str | None


class ClientReport(ReportState):
    totals: CourseNumbers
    series: CourseSeries
    items: Sequence[ClientLine]
    next_cursor: str | None
