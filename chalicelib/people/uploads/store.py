"""Uploads: every read and every conditional write."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Unavailable
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.jobs import activity_store, due
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.people.uploads.messages import RunUpload
from chalicelib.people.uploads.models import (
    OUTCOMES_PREFIX,
    LastMapping,
    Upload,
    UploadedFile,
    UploadOutcome,
    UploadRows,
    last_mapping_ref,
    outcome_sk,
    rows_prefix,
    rows_sk,
    upload_pk,
    upload_sk,
    uploaded_file_ref,
    uploads_pk,
)
from chalicelib.people.uploads.row_schemas import ValuesOut
from chalicelib.people.uploads.states import UploadStatus
from chalicelib.tenants.structure.models import department_ref, group_ref, location_ref

KEPT_FOR = timedelta(days=365)

# An item ends at 400 KB, and 25 people are invited in some two seconds.
_MAX_BYTES = 250_000
_MAX_ROWS = 25
# One row may fill an item alone.
MAX_ROW_BYTES = 350_000

Row = dict[str, Any]


def chunks_of(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in their order, as many as one item and one message take."""
    chunks: list[list[Row]] = []
    size = _MAX_BYTES
    for row in rows:
        length = size_of(row)
        if not chunks or size + length > _MAX_BYTES or len(chunks[-1]) == _MAX_ROWS:
            chunks.append([])
            size = 0
        chunks[-1].append(row)
        size += length
    return chunks


def size_of(row: Row) -> int:
    """In bytes, as PynamoDB writes it."""
    return len(json.dumps(row))


def put_rows(org_id: str, import_id: str, judgement_id: str, chunks: Sequence[Sequence[Row]], now: datetime) -> None:
    """Before the upload says that they count: until then nobody sees them, and they go by themselves."""
    pk, ttl = upload_pk(org_id, import_id), _ttl(now)
    items = [
        UploadRows(pk, rows_sk(judgement_id, number), rows=list(chunk), ttl=ttl) for number, chunk in enumerate(chunks)
    ]
    # What an earlier try of the same request wrote is the same.
    outcomes = bulk.insert_new(settings().outbox_table, [item.serialize() for item in items])
    if not {bulk.CREATED, bulk.DUPLICATE}.issuperset(outcomes):
        raise Unavailable()


def create_writes(upload: Upload, file_hash: str, now: datetime) -> list[Write]:
    """ConditionFailed with index 0 when an earlier try of the same request made it."""
    upload.ttl = _ttl(now)
    ref = uploaded_file_ref(upload.org_id, file_hash)
    file = UploadedFile(ref.pk, ref.sk, import_id=upload.import_id, uploaded_at=upload.uploaded_at, ttl=upload.ttl)
    started = activity_store.write(
        upload.msp_id, upload.uploaded_by, ActivityKind.IMPORT, upload.import_id, now, org_id=upload.org_id
    )
    return [put_new(upload), Write("put", file), started]


def judge_again_writes(before: Upload, after: Upload, mapping: Mapping[str, str | None], now: datetime) -> list[Write]:
    """The upload with its new rows in place of those before. ConditionFailed with index 0 when somebody decided, or
    had it judged again, meanwhile.
    """
    unchanged = (Upload.status == UploadStatus.PREVIEW) & (Upload.judgement_id == before.judgement_id)
    pk = upload_pk(before.org_id, before.import_id)
    old_rows = [UploadRows(pk, rows_sk(before.judgement_id, number)) for number in range(int(before.num_chunks))]
    ref = last_mapping_ref(before.org_id)
    last_mapping = LastMapping(ref.pk, ref.sk, columns=dict(mapping), ttl=_ttl(now))
    return [
        Write("put", after, unchanged),
        Write("put", last_mapping),
        *(Write("delete", item) for item in old_rows),
    ]


def before_upload(org_id: str, file_hash: str) -> tuple[LastMapping | None, UploadedFile | None]:
    """The mapping that was chosen last, and the latest upload of the same file."""
    return table.fetch(last_mapping_ref(org_id), uploaded_file_ref(org_id, file_hash))


def last_mapping(org_id: str) -> LastMapping | None:
    ref = last_mapping_ref(org_id)
    return table.get(LastMapping, ref.pk, ref.sk)


def find(org_id: str, import_id: str) -> Upload | None:
    return table.get(Upload, uploads_pk(org_id), upload_sk(import_id))


def page(org_id: str, limit: int, after: str | None) -> Page[Upload]:
    """Newest first."""
    return table.query(
        Upload, uploads_pk(org_id), prefix=upload_sk(""), limit=limit, after=after, newest_first=True, consistent=True
    )


def rows_of(upload: Upload) -> list[Row]:
    pk = upload_pk(upload.org_id, upload.import_id)
    items = table.query_all(UploadRows, pk, prefix=rows_prefix(upload.judgement_id))
    return [row for item in items for row in item.rows]


def rows_of_chunk(upload: Upload, chunk: int) -> list[Row]:
    pk = upload_pk(upload.org_id, upload.import_id)
    found = table.get(UploadRows, pk, rows_sk(upload.judgement_id, chunk))
    return list(found.rows) if found else []


def outcomes_of(org_id: str, import_id: str) -> dict[str, Any]:
    """What became of the rows so far, by their numbers as text."""
    return {number: outcome for item in _outcomes(org_id, import_id) for number, outcome in item.outcomes.items()}


def chunks_done(org_id: str, import_id: str) -> set[int]:
    return {int(item.sk.removeprefix(OUTCOMES_PREFIX)) for item in _outcomes(org_id, import_id)}


def _outcomes(org_id: str, import_id: str) -> Iterator[UploadOutcome]:
    yield from table.query_all(UploadOutcome, upload_pk(org_id, import_id), prefix=OUTCOMES_PREFIX)


def decide_writes(upload: Upload, status: UploadStatus, fields: Mapping[str, str | None]) -> list[Write]:
    """ConditionFailed with index 0 when somebody else decided first, or had the file judged again."""
    actions = [Upload.status.set(status.value)]
    actions += [getattr(Upload, name).set(value) for name, value in fields.items() if value is not None]
    key = Upload(uploads_pk(upload.org_id), upload_sk(upload.import_id))
    unchanged = (Upload.status == UploadStatus.PREVIEW) & (Upload.judgement_id == upload.judgement_id)
    return [Write("update", key, unchanged, tuple(actions))]


def finish_chunk(upload: Upload, chunk: int, outcomes: Mapping[str, Any], num_invited: int, num_failed: int) -> None:
    """Note what became of a chunk. ConditionFailed when another delivery did."""
    item = UploadOutcome(
        upload_pk(upload.org_id, upload.import_id), outcome_sk(chunk), outcomes=dict(outcomes), ttl=upload.ttl
    )
    counted = (Upload.chunks_left.add(-1), Upload.num_invited.add(num_invited), Upload.num_failed.add(num_failed))
    key = Upload(uploads_pk(upload.org_id), upload_sk(upload.import_id))
    table.transact([put_new(item), Write("update", key, Upload.pk.exists(), counted)])


def end(upload: Upload) -> None:
    """All chunks are done. Ending it again changes nothing."""
    key = Upload(uploads_pk(upload.org_id), upload_sk(upload.import_id))
    table.transact(
        [
            Write("update", key, Upload.chunks_left <= 0, (Upload.status.set(UploadStatus.DONE.value),)),
            due.done(upload_job(upload)),
        ]
    )


def upload_job(upload: Upload) -> RunUpload:
    """The work on an approved upload."""
    return RunUpload(
        msp_id=upload.msp_id, org_id=upload.org_id, import_id=upload.import_id, due_at=str(upload.decided_at)
    )


def _ttl(now: datetime) -> int:
    return int((now + KEPT_FOR).timestamp())


def is_over(upload: Upload, now: datetime) -> bool:
    """TTL deletes late, by days: an old upload is as good as none."""
    return to_instant(upload.uploaded_at) + KEPT_FOR <= now


def deleted_since(org_id: str, values: Iterable[ValuesOut]) -> dict[str, str]:
    """Groups, departments and locations of these rows that no longer exist, each with the code that says so."""
    code_by_ref: dict[Ref[Any], tuple[str, str]] = {}
    for row in values:
        for group_id in row.group_ids:
            code_by_ref[group_ref(org_id, group_id)] = (group_id, "group_gone")
        if row.department_id:
            code_by_ref[department_ref(org_id, row.department_id)] = (row.department_id, "department_gone")
        if row.location_id:
            code_by_ref[location_ref(org_id, row.location_id)] = (row.location_id, "location_gone")
    found = table.batch_get([(ref.model, ref.pk, ref.sk) for ref in code_by_ref])
    return dict(gone for ref, gone in code_by_ref.items() if (ref.pk, ref.sk) not in found)
