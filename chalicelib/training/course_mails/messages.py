"""TODO."""

from typing import Literal

from chalicelib.jobs.job import Job


class MailRow(Job):
    """The mails that one due entry stands for (mail_due.MailEvent), from a position in the row's learners on."""

    job: Literal["mail_row"] = "mail_row"
    msp_id: str
    org_id: str
    batch_id: str
    course_id: str | None
    event: str
    detail: str
    due_at: str
    position: str = ""
    num_seen: int = 0
