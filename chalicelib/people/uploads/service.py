"""Uploads of people once they are judged: looked at, decided by an admin, and then invited in the background (I2)."""

from datetime import datetime

from chalicelib.aws.files import files
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict
from chalicelib.core.text import normalized
from chalicelib.jobs import due, queue
from chalicelib.people.invitations.invite import instant_of
from chalicelib.people.invitations.schemas import Notify
from chalicelib.people.uploads import store
from chalicelib.people.uploads.failed_rows import failed_csv
from chalicelib.people.uploads.messages import RunUpload
from chalicelib.people.uploads.models import Upload, file_key
from chalicelib.people.uploads.row_schemas import Verdict
from chalicelib.people.uploads.schemas import ImportDetail, ImportOut, ImportPage
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.people.uploads.views import (
    already_decided,
    detail_of,
    detail_out,
    find_upload,
    require_subscription,
    row_out,
    upload_out,
)
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.web.paging import Pager


def page(scope: Scope, pager: Pager) -> ImportPage:
    found = store.page(scope.org, pager.limit, pager.position)
    return ImportPage(
        items=[upload_out(upload) for upload in found.items], next_cursor=pager.cursor(found.next_position)
    )


def detail(scope: Scope, import_id: str, now: datetime) -> ImportDetail:
    return detail_out(find_upload(scope, import_id, now))


def with_cells(scope: Scope, import_id: str, now: datetime) -> tuple[ImportDetail, dict[int, list[str]]]:
    """And by the number of each row its cells as they are written in the file."""
    upload = find_upload(scope, import_id, now)
    rows = store.rows_of(upload)
    return detail_of(upload, rows), {int(row["verdict"]["number"]): list(row["cells"]) for row in rows}


def approve(scope: Scope, import_id: str, notify: Notify, decision_id: str, now: datetime) -> ImportOut:
    """Have everybody invited whose row did not fail. Raises NotFound, Invalid for the instant, and Conflict."""
    upload = find_upload(scope, import_id, now)
    require_subscription(scope)
    notify_at = instant_of(notify, now)
    if upload.num_failed == upload.num_rows and upload.status == UploadStatus.PREVIEW:
        raise Conflict("nobody_to_invite", "No row can be imported. Correct the rows and upload the file again.")
    return _decide(scope, upload, UploadStatus.APPROVED, notify_at, decision_id, now)


def disapprove(scope: Scope, import_id: str, decision_id: str, now: datetime) -> ImportOut:
    upload = find_upload(scope, import_id, now)
    return _decide(scope, upload, UploadStatus.DISAPPROVED, None, decision_id, now)


def failed_file(scope: Scope, import_id: str, now: datetime) -> bytes:
    """The rows that failed, in the preview or afterwards, ready to be mended and uploaded again.

    With a row that failed afterwards come the rows of the same person that were added to it: they name other groups.
    """
    upload = find_upload(scope, import_id, now)
    outcomes = store.outcomes_of(scope.org, import_id)
    rows = [(row["cells"], row_out(row, outcomes)) for row in store.rows_of(upload)]
    problems_by_email = {
        normalized(row.values.email): row.problems for _, row in rows if row.outcome == RowOutcome.FAILED
    }
    failed = []
    for cells, row in rows:
        if row.verdict == Verdict.FAILED:
            failed.append((cells, row.problems))
        elif normalized(row.values.email) in problems_by_email:
            failed.append((cells, problems_by_email[normalized(row.values.email)]))
    return failed_csv(list(upload.header), failed)


def _decide(
    scope: Scope,
    upload: Upload,
    status: UploadStatus,
    notify_at: datetime | None,
    decision_id: str,
    now: datetime,
) -> ImportOut:
    if upload.decision_id != decision_id:
        if upload.status != UploadStatus.PREVIEW:
            raise already_decided(upload)
        fields = {
            "decided_by": scope.account_id, "decided_at": to_text(now), "decision_id": decision_id,
            "notify_at": to_text(notify_at) if notify_at else None,
        }  # fmt: skip
        before = upload.status
        writes = store.decide_writes(upload, status, fields)
        for name, value in {**fields, "status": status.value}.items():
            setattr(upload, name, value)
        if status == UploadStatus.APPROVED:
            writes.append(due.write(store.upload_job(upload)))
        entry = AuditEntry(
            scope.account_id, f"import.{status}", f"import/{upload.import_id}", {"status": before},
            {"status": status.value, "notify_at": upload.notify_at},
        )  # fmt: skip
        try:
            audit.commit(scope.tenant_pk, entry, writes, now)
        except ConditionFailed:
            raise _changed_meanwhile(find_upload(scope, upload.import_id, now)) from None
    files().delete(file_key(scope.org, upload.import_id))
    if upload.status == UploadStatus.APPROVED:
        job = RunUpload(
            msp_id=scope.msp_id, org_id=scope.org, import_id=upload.import_id, due_at=str(upload.decided_at)
        )
        queue.send_soon(job)
    return upload_out(upload)


def _changed_meanwhile(upload: Upload) -> Conflict:
    if upload.status != UploadStatus.PREVIEW:
        return already_decided(upload)
    return Conflict("changed_meanwhile", "The file was just read again. Please look at the preview before you decide.")
