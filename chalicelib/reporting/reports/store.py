"""Reads and conditional writes of reports, and the reads of what is counted."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.aws import partitions, table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs import due
from chalicelib.reporting.reports.messages import CountReport
from chalicelib.reporting.reports.models import Report, report_ref
from chalicelib.reporting.reports.states import Code
from chalicelib.training.batches.models import Enrollment, enrollment_sk, learner_pk

# The files live for 30 days (infra/resources.yaml); nobody is led to one that is about to go.
LIFETIME = timedelta(days=28)

# A count that is longer under way was lost with its due entry, and another one may begin.
STUCK_AFTER = timedelta(hours=6)


def report(msp_id: str, org_id: str | None, part: str) -> Report | None:
    ref = report_ref(msp_id, org_id, part)
    return table.get(Report, ref.pk, ref.sk)


def begin(job: CountReport, department_ids: Sequence[str] | None, now: datetime) -> bool:
    """With the job's due entry. False when somebody counts already."""
    stuck = to_text(now - STUCK_AFTER)
    nobody_counts = Report.count_id.does_not_exist() | (Report.counting_since <= stuck)
    actions = [
        Report.part.set(job.part),
        Report.count_id.set(job.count_id),
        Report.counting_since.set(to_text(now)),
        Report.ttl.set(int((now + LIFETIME).timestamp())),
    ]
    if department_ids is not None:
        actions.append(Report.department_ids.set(list(department_ids)))
    try:
        table.transact([Write("update", _key(job), nobody_counts, tuple(actions)), due.write(job)])
    except ConditionFailed:
        return False
    return True


def finish(job: CountReport, files_id: str, as_of: str, now: datetime) -> bool:
    """The files of this count are the report from now on. False when another delivery was first."""
    return _end(
        job,
        Report.files_id.set(files_id), Report.as_of.set(as_of), Report.failed_at.remove(), Report.code.remove(),
        Report.ttl.set(int((now + LIFETIME).timestamp())),
    )  # fmt: skip


def fail(job: CountReport, code: Code, now: datetime) -> None:
    """The numbers of before stay."""
    _end(job, Report.failed_at.set(to_text(now)), Report.code.set(code.value))


def _end(job: CountReport, *actions: table.Action) -> bool:
    ended = (*actions, Report.count_id.remove(), Report.counting_since.remove())
    try:
        table.transact([Write("update", _key(job), Report.count_id == job.count_id, ended), due.done(job)])
    except ConditionFailed:
        return False
    return True


def _key(job: CountReport) -> Report:
    ref = report_ref(job.msp_id, job.org_id, job.part)
    return Report(ref.pk, ref.sk)


def enrollments(org_id: str, member_ids: Sequence[str]) -> Iterator[tuple[str, Enrollment]]:
    """Of these members, each with the id of theirs; history included. One call for 50 of them."""
    for start in range(0, len(member_ids), partitions.MAX_PARTITIONS):
        pks = [learner_pk(org_id, one) for one in member_ids[start : start + partitions.MAX_PARTITIONS]]
        for item in partitions.all_in({enrollment_sk(""): Enrollment}, pks):
            if isinstance(item, Enrollment):
                yield item.pk.rsplit("#", 1)[1], item
