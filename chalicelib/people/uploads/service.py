"""Uploads of people: read and judged at once, decided by an admin, and then invited in the background (I2, B12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.aws.files import files
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.people.invitations.invite import instant_of, org_of
from chalicelib.people.invitations.schemas import Notify
from chalicelib.people.uploads import store
from chalicelib.people.uploads.directory import directory_of
from chalicelib.people.uploads.failed_rows import failed_csv
from chalicelib.people.uploads.messages import RunUpload
from chalicelib.people.uploads.models import Upload, file_key, upload_sk, uploads_pk
from chalicelib.people.uploads.row_schemas import ProblemOut, RowOut, Verdict
from chalicelib.people.uploads.schemas import ImportDetail, ImportOut, ImportPage, ImportRowOut
from chalicelib.people.uploads.spreadsheet.reader import read_sheet
from chalicelib.people.uploads.spreadsheet.refusals import refusal
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.people.uploads.verdicts import judge
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.states import Subscription
from chalicelib.web.paging import Pager

# What an answer of 6 MB holds, with the cells told once as written and once as understood.
_MAX_CHARACTERS = 400_000


def upload(scope: Scope, content: bytes, content_type: str, seed: str, now: datetime) -> ImportOut:
    """Judge the file and keep it until the decision. Raises Invalid and TooLarge for what is no such file,
    Conflict without an active subscription.
    """
    _require_subscription(scope)
    sheet = read_sheet(content, content_type)
    if sum(len(cell) for row in sheet.rows for cell in row.cells) > _MAX_CHARACTERS:
        raise refusal("too_much_text", limit=f"{_MAX_CHARACTERS:,}")
    verdicts = judge(sheet, directory_of(scope.org, sheet))
    import_id = derived_id(seed, "import")
    rows = [
        {"cells": row.cells, "verdict": verdict.model_dump(mode="json")}
        for row, verdict in zip(sheet.rows, verdicts, strict=True)
    ]
    for row, verdict in zip(rows, verdicts, strict=True):
        if store.size_of(row) > store.MAX_ROW_BYTES:
            raise refusal("row_too_long", line=verdict.number)
    chunks = store.chunks_of(rows)
    new = Upload(
        uploads_pk(scope.org), upload_sk(import_id), import_id=import_id, msp_id=scope.msp_id, org_id=scope.org,
        status=UploadStatus.PREVIEW.value, header=sheet.header, num_rows=len(verdicts),
        num_corrected=sum(one.verdict == Verdict.CORRECTED for one in verdicts),
        num_failed=sum(one.verdict == Verdict.FAILED for one in verdicts),
        num_chunks=len(chunks), chunks_left=len(chunks), uploaded_by=scope.account_id, uploaded_at=to_text(now),
    )  # fmt: skip
    files().write(file_key(scope.org, import_id), [content], content_type)
    store.put_rows(scope.org, import_id, chunks, now)
    entry = AuditEntry(scope.account_id, "import.uploaded", f"import/{import_id}", after={"num_rows": len(verdicts)})
    try:
        audit.commit(scope.tenant_pk, entry, [store.create_write(new, now)], now)
    except ConditionFailed:
        return _out(_known(scope, import_id, now))
    return _out(new)


def page(scope: Scope, pager: Pager) -> ImportPage:
    found = store.page(scope.org, pager.limit, pager.position)
    return ImportPage(items=[_out(one) for one in found.items], next_cursor=pager.cursor(found.next_position))


def detail(scope: Scope, import_id: str, now: datetime) -> ImportDetail:
    item = _known(scope, import_id, now)
    outcomes = store.outcomes_of(scope.org, import_id)
    rows = [_row_out(RowOut.model_validate(row["verdict"]), outcomes) for row in store.rows_of(scope.org, import_id)]
    return _detail(item, rows)


def approve(scope: Scope, import_id: str, notify: Notify, decision_id: str, now: datetime) -> ImportOut:
    """Have everybody invited whose row did not fail. Raises NotFound, Invalid for the instant, and Conflict."""
    item = _known(scope, import_id, now)
    _require_subscription(scope)
    notify_at = instant_of(notify, now)
    if item.num_failed >= item.num_rows and item.status == UploadStatus.PREVIEW:
        raise Conflict("nobody_to_invite", "No row can be imported. Correct the rows and upload the file again.")
    return _decide(scope, item, UploadStatus.APPROVED, notify_at, decision_id, now)


def disapprove(scope: Scope, import_id: str, decision_id: str, now: datetime) -> ImportOut:
    item = _known(scope, import_id, now)
    return _decide(scope, item, UploadStatus.DISAPPROVED, None, decision_id, now)


def failed_file(scope: Scope, import_id: str, now: datetime) -> bytes:
    """The rows that failed, in the preview or afterwards, ready to be mended and uploaded again."""
    item = _known(scope, import_id, now)
    outcomes = store.outcomes_of(scope.org, import_id)
    failed = []
    for row in store.rows_of(scope.org, import_id):
        out = _row_out(RowOut.model_validate(row["verdict"]), outcomes)
        if out.verdict == Verdict.FAILED or out.outcome == RowOutcome.FAILED:
            failed.append((row["cells"], out.problems))
    return failed_csv(list(item.header), failed)


def _decide(
    scope: Scope,
    item: Upload,
    status: UploadStatus,
    notify_at: datetime | None,
    decision_id: str,
    now: datetime,
) -> ImportOut:
    if item.decision_id != decision_id:
        if item.status != UploadStatus.PREVIEW:
            raise _decided(item)
        fields = {
            "decided_by": scope.account_id, "decided_at": to_text(now), "decision_id": decision_id,
            "notify_at": to_text(notify_at) if notify_at else None,
        }  # fmt: skip
        before = item.status
        writes = store.decide_writes(item, status, fields)
        for name, value in {**fields, "status": status.value}.items():
            setattr(item, name, value)
        if status == UploadStatus.APPROVED:
            writes.append(due.write(store.upload_job(item)))
        entry = AuditEntry(
            scope.account_id, f"import.{status}", f"import/{item.import_id}", {"status": before},
            {"status": status.value, "notify_at": item.notify_at},
        )  # fmt: skip
        try:
            audit.commit(scope.tenant_pk, entry, writes, now)
        except ConditionFailed:
            raise _decided(_known(scope, item.import_id, now)) from None
    files().delete(file_key(scope.org, item.import_id))
    if item.status == UploadStatus.APPROVED:
        job = RunUpload(msp_id=scope.msp_id, org_id=scope.org, import_id=item.import_id, due_at=str(item.decided_at))
        queue.send_soon(job)
    return _out(item)


def _known(scope: Scope, import_id: str, now: datetime) -> Upload:
    item = store.find(scope.org, import_id)
    if item is None or store.is_over(item, now):
        raise NotFound("There is no such upload")
    return item


def _require_subscription(scope: Scope) -> None:
    if org_of(scope).subscription != Subscription.ACTIVE:
        problem = "Uploads need an active subscription; your provider can switch it on. Inviting by hand does not."
        raise Conflict("subscription_needed", problem)


def _decided(item: Upload) -> Conflict:
    return Conflict("already_decided", f"This upload is already {item.status}.")


def _out(item: Upload) -> ImportOut:
    return ImportOut(**_facts(item))


def _detail(item: Upload, rows: Sequence[ImportRowOut]) -> ImportDetail:
    return ImportDetail(**_facts(item), header=list(item.header), rows=list(rows))


def _facts(item: Upload) -> dict[str, object]:
    counts = ("num_rows", "num_corrected", "num_failed", "num_invited")
    texts = ("import_id", "uploaded_by", "uploaded_at", "decided_by", "decided_at", "notify_at")
    facts: dict[str, object] = {name: int(getattr(item, name)) for name in counts}
    return {**facts, **{name: getattr(item, name) for name in texts}, "status": UploadStatus(item.status)}


def _row_out(verdict: RowOut, outcomes: Mapping[str, Mapping[str, object]]) -> ImportRowOut:
    outcome = outcomes.get(str(verdict.number), {})
    problems = [ProblemOut.model_validate(one) for one in outcome.get("problems", [])]  # type: ignore[attr-defined]
    return ImportRowOut(
        **verdict.model_dump(exclude={"problems"}),
        problems=[*verdict.problems, *problems],
        outcome=outcome.get("outcome"),
        member_id=outcome.get("member_id"),
    )
