"""A draft's form: what was chosen, whether or not people can be enrolled like this."""

from typing import Any, Literal

from chalicelib.core.lazy import BaseModel
from chalicelib.people.search.schemas import Filter

Kind = Literal["trainings", "courses"]


class CourseDates(BaseModel):
    """Days as they were typed; empty is now, and no due date."""

    enroll_on: str = ""
    due_by: str = ""


class EnrollDraftForm(BaseModel):
    """Of people for live trainings, or for courses. `sessions` are by training.

    `filter` chooses whoever matches, besides `member_ids` and without `without`. `day` and `time` are as they were
    typed, in the organization's time zone.
    """

    kind: Kind = "trainings"
    name: str = ""
    member_ids: list[str] = []
    without: list[str] = []
    filter: dict[str, Any] | None = None
    sessions: dict[str, str] = {}
    visible: Literal["now", "later"] = "now"
    day: str = ""
    time: str = ""
    course_ids: list[str] = []
    dates: dict[str, CourseDates] = {}
    enrollment: bool = False
    reminders: bool = False
    reenroll_completed: bool = False

    @property
    def has_people(self) -> bool:
        return bool(self.member_ids) or self.filter is not None

    def people(self) -> dict[str, Any]:
        """As the request to enroll takes them."""
        if self.filter is None:
            return {"member_ids": self.member_ids}
        return {"filter": {**self.filter, "also": self.member_ids, "without": self.without}}

    def as_launch(self) -> dict[str, Any]:
        """The body of a launch of its courses, to be validated like any other."""
        dates = {one: self.dates.get(one, CourseDates()) for one in self.course_ids}
        return {
            "name": self.name,
            "courses": [
                {"course_id": one, "enroll_on": day.enroll_on or None, "due_by": day.due_by or None}
                for one, day in dates.items()
            ],
            "targeting": self._targeting(),
            "notifications": {"enrollment": self.enrollment, "reminders": self.reminders},
            "reenroll_completed": self.reenroll_completed,
        }

    def _targeting(self) -> dict[str, Any]:
        """In the simplest way that says it: the batch shows it to people."""
        if self.filter is None:
            return {"mode": "individuals", "member_ids": self.member_ids}
        asked = Filter.model_validate(self.filter).model_dump(mode="json", exclude_defaults=True, exclude={"statuses"})
        if self.member_ids or self.without:
            return {"mode": "filter", "filter": {**asked, "also": self.member_ids, "without": self.without}}
        if not asked:
            return {"mode": "all"}
        if asked.keys() == {"group_ids"}:
            return {"mode": "groups", **asked}
        if asked.keys() == {"department_ids"}:
            return {"mode": "departments", **asked}
        return {"mode": "filter", "filter": asked}
