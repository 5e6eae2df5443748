"""Uploads: every read and every conditional write."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Unavailable
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.jobs import due
from chalicelib.people.uploads.messages import RunImport
from chalicelib.people.uploads.models import (
    OUTCOMES_PREFIX,
    ROWS_PREFIX,
    Import,
    ImportOutcome,
    ImportRows,
    import_pk,
    import_sk,
    imports_pk,
    outcome_sk,
    rows_sk,
)
from chalicelib.people.uploads.states import ImportStatus

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


def put_rows(org_id: str, import_id: str, chunks: Sequence[Sequence[Row]], now: datetime) -> None:
    """Before the upload's header: rows without one are nobody's, and go by themselves."""
    pk, ttl = import_pk(org_id, import_id), _ttl(now)
    items = [ImportRows(pk, rows_sk(number), rows=list(chunk), ttl=ttl) for number, chunk in enumerate(chunks)]
    # What an earlier try of the same request wrote is the same.
    outcomes = bulk.insert_new(settings().outbox_table, [item.serialize() for item in items])
    if not {bulk.CREATED, bulk.DUPLICATE}.issuperset(outcomes):
        raise Unavailable()


def create_write(made: Import, now: datetime) -> Write:
    """ConditionFailed when an earlier try of the same request made it."""
    made.ttl = _ttl(now)
    return put_new(made)


def find(org_id: str, import_id: str) -> Import | None:
    return table.get(Import, imports_pk(org_id), import_sk(import_id))


def page(org_id: str, limit: int, after: str | None) -> Page[Import]:
    """Newest first."""
    return table.query(
        Import, imports_pk(org_id), prefix=import_sk(""), limit=limit, after=after, newest_first=True, consistent=True
    )


def rows_of(org_id: str, import_id: str) -> list[Row]:
    items = table.query_all(ImportRows, import_pk(org_id, import_id), prefix=ROWS_PREFIX)
    return [row for item in items for row in item.rows]


def rows_of_chunk(org_id: str, import_id: str, chunk: int) -> list[Row]:
    found = table.get(ImportRows, import_pk(org_id, import_id), rows_sk(chunk))
    return list(found.rows) if found else []


def outcomes_of(org_id: str, import_id: str) -> dict[str, Any]:
    """What became of the rows so far, by their numbers as text."""
    return {number: told for item in _outcomes(org_id, import_id) for number, told in item.outcomes.items()}


def chunks_done(org_id: str, import_id: str) -> set[int]:
    return {int(item.sk.removeprefix(OUTCOMES_PREFIX)) for item in _outcomes(org_id, import_id)}


def _outcomes(org_id: str, import_id: str) -> Iterator[ImportOutcome]:
    yield from table.query_all(ImportOutcome, import_pk(org_id, import_id), prefix=OUTCOMES_PREFIX)


def decide_writes(known: Import, status: ImportStatus, fields: Mapping[str, str | None]) -> list[Write]:
    """ConditionFailed with index 0 when somebody else decided first."""
    actions = [Import.status.set(status.value)]
    actions += [getattr(Import, name).set(value) for name, value in fields.items() if value is not None]
    key = Import(imports_pk(known.org_id), import_sk(known.import_id))
    return [Write("update", key, Import.status == ImportStatus.PREVIEW, tuple(actions))]


def finish_chunk(known: Import, chunk: int, outcomes: Mapping[str, Any], num_invited: int, num_failed: int) -> None:
    """Note what became of a chunk. ConditionFailed when another delivery did."""
    item = ImportOutcome(
        import_pk(known.org_id, known.import_id), outcome_sk(chunk), outcomes=dict(outcomes), ttl=known.ttl
    )
    counted = (Import.chunks_left.add(-1), Import.num_invited.add(num_invited), Import.num_failed.add(num_failed))
    key = Import(imports_pk(known.org_id), import_sk(known.import_id))
    table.transact([put_new(item), Write("update", key, Import.pk.exists(), counted)])


def end(known: Import) -> None:
    """All chunks are done. Ending it again changes nothing."""
    key = Import(imports_pk(known.org_id), import_sk(known.import_id))
    table.transact(
        [
            Write("update", key, Import.chunks_left <= 0, (Import.status.set(ImportStatus.DONE.value),)),
            due.done(import_job(known)),
        ]
    )


def import_job(known: Import) -> RunImport:
    """The work on an approved upload."""
    return RunImport(msp_id=known.msp_id, org_id=known.org_id, import_id=known.import_id, due_at=str(known.decided_at))


def _ttl(now: datetime) -> int:
    return int((now + KEPT_FOR).timestamp())


def is_over(known: Import, now: datetime) -> bool:
    """TTL deletes late, by days: an old upload is as good as none."""
    return to_instant(known.uploaded_at) + KEPT_FOR <= now
