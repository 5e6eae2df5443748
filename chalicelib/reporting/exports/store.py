"""Reads and conditional writes of exports."""

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.errors import ConditionFailed
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk
from chalicelib.reporting.exports.states import Code, ExportStatus


def find(msp_id: str, export_id: str, org_id: str | None, account_id: str | None = None) -> Export | None:
    """`org_id` is the organization's whose own export it is, `account_id` the account's."""
    return table.get(Export, exports_pk(msp_id, org_id, account_id), export_sk(export_id))


def latest_of(account_id: str) -> Export | None:
    page = table.query(Export, exports_pk("", None, account_id), limit=1, newest_first=True, consistent=True)
    return page.items[0] if page.items else None


def create(export: Export, *more: Write) -> Export:
    """Gives the export that is stored: this one, or the one that the same request created before."""
    try:
        table.transact([put_new(export), *more])
    except ConditionFailed:
        return table.get(Export, export.pk, export.sk) or export
    return export


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
