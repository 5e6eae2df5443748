"""The job: counts a part with each message, and in the end writes the numbers. Any number of times."""

from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.jobs import due, queue
from chalicelib.reporting.reports import kept, store
from chalicelib.reporting.reports.kept import Counted
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.reporting.reports.states import Code
from chalicelib.reporting.reports.tally import Tally
from chalicelib.reporting.reports.walk import Walk, add_titles


def run(job: CountReport, now: datetime) -> None:
    """What this message counts is kept in a file before the next message is sent: each person counts once."""
    if not due.is_current(job):
        return
    report = store.report(job.msp_id, job.org_id, job.part)
    if report is None or report.count_id != job.count_id:
        # Another count has begun since, or nobody asked for years.
        due.close(job)
        return
    as_of = str(report.counting_since)
    number = int(job.position or 0)
    counted = kept.so_far(job, number) if number else Counted(Tally(), None)
    if counted is None:
        raise FileNotFoundError(f"part {number} of count {job.count_id}")
    walk = Walk(job.msp_id, to_instant(as_of), counted)
    if job.org_id is None:
        walk.clients()
    else:
        walk.organization(job.org_id, report.department_ids)
    if counted.place is not None:
        kept.keep(job, number + 1, counted)
        following = due.advance(job, str(number + 1), now)
        if following is not None:
            queue.send_soon(following)
        return
    add_titles(job.msp_id, counted)
    store.finish(job, kept.write(job, counted.tally, as_of, now), as_of, now)


def on_dead_letter(job: CountReport, now: datetime) -> None:
    """The report fails, with an explanation and the next step; the numbers of before stay."""
    store.fail(job, Code.REPORT_FAILED, now)
