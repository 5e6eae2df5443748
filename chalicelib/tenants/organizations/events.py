"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class MoveDates(Job):
    """An organization's time zone or hour changed: its scheduled rows move."""

    job: Literal["move_dates"] = "move_dates"
    msp_id: str
    org_id: str
    due_at: str
