"""Reads and conditional writes of exports."""

from contextlib import suppress
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk
from chalicelib.reporting.exports.states import Code, ExportStatus


def find(msp_id: str, export_id: str, org_id: str | None, account_id: str | None = None) -> Export | None:
    """`org_id` is the organization's whose own export it is, `account_id` the account's."""
    return table.get(Export, exports_pk(msp_id, org_id, account_id), export_sk(export_id))


def latest_of(account_id: str) -> Export | None:
    page = table.query(Export, exports_pk("", None, account_id), limit=1, newest_first=True, consistent=True)
    return page.items[0] if page.items else None


def page(msp_id: str, org_id: str | None, limit: int, after: str | None) -> Page[Export]:
    """Newest first."""
    pk = exports_pk(msp_id, org_id)
    return table.query(Export, pk, prefix=export_sk(""), limit=limit, after=after, newest_first=True, consistent=True)


def create(export: Export, *more: Write) -> Export:
    """Gives the export that is stored: this one, or the one that the same request created before."""
    try:
        table.transact([put_new(export), *more])
    except ConditionFailed:
        return table.get(Export, export.pk, export.sk) or export
    return export


def begin(job: RunExport, due: Write, now: datetime) -> None:
    """The export's file is made by a walk, which begins with this entry. Nothing when it has begun, or is over."""
    key = Export(exports_pk(job.msp_id, job.org_id, job.account_id), export_sk(job.export_id))
    is_new = (Export.status == ExportStatus.RUNNING.value) & Export.begun_at.does_not_exist()
    with suppress(ConditionFailed):
        table.transact([Write("update", key, is_new, (Export.begun_at.set(to_text(now)),)), due])


def mark_ready(job: RunExport, num_rows: int) -> bool:
    """False when another delivery set the status, or when the export is gone."""
    return _finish(job, ExportStatus.READY, Export.num_rows.set(num_rows))


def mark_failed(job: RunExport, code: Code) -> None:
    _finish(job, ExportStatus.FAILED, Export.code.set(code.value))


def _finish(job: RunExport, status: ExportStatus, action: Action) -> bool:
    key = Export(exports_pk(job.msp_id, job.org_id, job.account_id), export_sk(job.export_id))
    actions = (Export.status.set(status.value), action)
    try:
        table.transact([Write("update", key, Export.status == ExportStatus.RUNNING.value, actions)])
    except ConditionFailed:
        return False
    return True
