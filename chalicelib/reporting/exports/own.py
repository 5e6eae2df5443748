"""What is stored about an account, asked for by its owner."""

from datetime import datetime

from chalicelib.reporting.exports import service, store
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind


def start(account_id: str, export_id: str, now: datetime) -> ExportOut:
    """Raises Unavailable when the message cannot be sent; the same request again sends it."""
    job = RunExport(msp_id="", account_id=account_id, export_id=export_id)
    selection = Selection(kind=ExportKind.ACCOUNT, account_id=account_id)
    return service.begin(job, selection, "my-data", account_id, None, now)


def latest(account_id: str, now: datetime) -> ExportOut | None:
    export = store.latest_of(account_id)
    return None if export is None or service.is_over(export, now) else service.shown(export, account_id)
