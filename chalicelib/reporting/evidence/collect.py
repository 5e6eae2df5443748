"""Makes a client's pack, a part with each message, so that none takes long however large the client is.

The last message makes the ZIP of the parts, which takes no reads of tables.
"""

from datetime import datetime

from chalicelib.aws.files import files
from chalicelib.jobs import due, queue
from chalicelib.reporting.evidence import collected, parts
from chalicelib.reporting.evidence.messages import CollectEvidence
from chalicelib.reporting.evidence.pack import Pack
from chalicelib.reporting.evidence.states import Step
from chalicelib.reporting.exports import store as exports_store
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.models import Export, file_key
from chalicelib.reporting.exports.states import Code, ExportStatus
from chalicelib.tenants.access.service import Scope


def begin(export: RunExport, created_at: str, now: datetime) -> None:
    """Once for each export: its message may come again while parts are collected."""
    job = CollectEvidence(
        msp_id=export.msp_id, org_id=str(export.org_id), export_id=export.export_id, due_at=created_at
    )
    exports_store.begin(export, due.write(job, sent_at=now), now)
    queue.send_soon(job)


def run(job: CollectEvidence, now: datetime) -> None:
    """Any number of times: a part is written once, and the first delivery of a message goes on.

    Once the pack is there, or failed, or somebody in it was erased meanwhile, nobody finds the parts.
    """
    number = int(job.position or 0)
    if not due.is_current(job):
        _clear_late(job, number + 1)
        return
    export = _export(job)
    if export is None or export.status != ExportStatus.RUNNING:
        _clear_pack(job, export)
        parts.clear(job, number)
        due.close(job)
        return
    scope = Scope(export.created_by, job.msp_id, job.org_id)
    state = parts.state_after(job, number)
    if state.step == Step.DONE:
        _finish(job, Pack(scope, job, number, state, now))
        parts.clear(job, number)
        due.close(job)
        return
    slices, left = collected.part(scope, state, now)
    parts.write(job, number + 1, slices, left)
    more = due.advance(job, str(number + 1), now)
    if more is not None:
        queue.send_soon(more)
    else:
        _clear_late(job, number + 1)


def on_dead_letter(job: CollectEvidence, now: datetime) -> None:
    """The export fails; the sweep sends the message again, which deletes the parts."""
    exports_store.mark_failed(_export_job(job), Code.EXPORT_FAILED)


def _finish(job: CollectEvidence, pack: Pack) -> None:
    key = _pack_key(job)
    files().write(key, pack.pieces(), pack.content_type)
    if not exports_store.mark_ready(_export_job(job), pack.num_rows) and _export(job) is None:
        # Somebody in it was erased meanwhile: nobody is to find the file.
        files().delete(key)


def _pack_key(job: CollectEvidence) -> str:
    return file_key(job.msp_id, job.export_id, "zip")


def _clear_late(job: CollectEvidence, number: int) -> None:
    """Others went on without this delivery. If they came to the end, what it wrote is left over."""
    export = _export(job)
    _clear_pack(job, export)
    if export is None or export.status != ExportStatus.RUNNING:
        parts.clear_one(job, number)


def _clear_pack(job: CollectEvidence, export: Export | None) -> None:
    """An earlier delivery may have written it and died before it saw that somebody in it was erased."""
    if export is None:
        files().delete(_pack_key(job))


def _export(job: CollectEvidence) -> Export | None:
    return exports_store.find(job.msp_id, job.export_id, job.org_id)


def _export_job(job: CollectEvidence) -> RunExport:
    return RunExport(msp_id=job.msp_id, org_id=job.org_id, export_id=job.export_id)
