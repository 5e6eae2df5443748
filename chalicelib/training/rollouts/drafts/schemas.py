"""A draft's form: what was chosen, whether or not it can be launched like this."""

from typing import Any, Literal

from chalicelib.core.lazy import BaseModel


class DraftDates(BaseModel):
    """Days as they were typed; empty is now, and no due date."""

    enroll_on: str = ""
    due_by: str = ""


class DraftForm(BaseModel):
    """`own` dates are those of each course; the presets give them. Numbers and days are as they were typed."""

    name: str
    org_ids: list[str] = []
    course_ids: list[str] = []
    mode: Literal["all", "groups", "exclude_groups", "group_names"] = "all"
    group_ids: list[str] = []
    group_names: list[str] = []
    preset: Literal["all_immediate", "monthly_stagger", "own"] = "all_immediate"
    start_on: str = ""
    days_to_complete: str = ""
    dates: dict[str, DraftDates] = {}
    enrollment: bool = False
    reminders: bool = False
    reenroll_completed: bool = False

    def as_launch(self) -> dict[str, Any]:
        """The body of the launch, to be validated like any other."""
        targeting: dict[str, Any] = {"mode": self.mode}
        if self.mode in ("groups", "exclude_groups"):
            targeting["group_ids"] = self.group_ids
        if self.mode == "group_names":
            targeting["group_names"] = self.group_names
        is_own = self.preset == "own"
        days = int(self.days_to_complete) if _is_number(self.days_to_complete) else self.days_to_complete or None
        schedule = {"preset": self.preset, "start_on": self._start_on(), "days_to_complete": days}
        return {
            "name": self.name,
            "org_ids": self.org_ids,
            "courses": [{"course_id": one, **(self._dates(one) if is_own else {})} for one in self.course_ids],
            "targeting": targeting,
            "schedule": None if is_own else schedule,
            "notifications": {"enrollment": self.enrollment, "reminders": self.reminders},
            "reenroll_completed": self.reenroll_completed,
        }

    def _start_on(self) -> str | None:
        return (self.start_on or None) if self.preset == "monthly_stagger" else None

    def _dates(self, course_id: str) -> dict[str, str | None]:
        dates = self.dates.get(course_id, DraftDates())
        return {"enroll_on": dates.enroll_on or None, "due_by": dates.due_by or None}


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 6
