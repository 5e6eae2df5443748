"""The preview of an upload: the file is read and judged, at first as it seems, and again as an admin chooses (B12)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.files import files
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict
from chalicelib.core.ids import derived_id
from chalicelib.people.members import store as members_store
from chalicelib.people.uploads import store
from chalicelib.people.uploads.directory import Department, Directory
from chalicelib.people.uploads.file_remarks import remarks_on
from chalicelib.people.uploads.models import Upload, file_key, upload_sk, uploads_pk
from chalicelib.people.uploads.row_schemas import RowOut, Verdict
from chalicelib.people.uploads.schemas import ColumnOut, ImportOut, MappingForm, ReadingOut, SameFileOut
from chalicelib.people.uploads.spreadsheet.columns import Column
from chalicelib.people.uploads.spreadsheet.headings import heading_key
from chalicelib.people.uploads.spreadsheet.meanings import Choices, Meaning, Reason, Source
from chalicelib.people.uploads.spreadsheet.reader import Choice, Reading, read_file
from chalicelib.people.uploads.spreadsheet.refusals import explain, refusal
from chalicelib.people.uploads.states import UploadStatus
from chalicelib.people.uploads.verdicts import judge
from chalicelib.people.uploads.views import already_decided, find_upload, require_subscription, upload_out
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.structure import store as structure_store

# What an answer of 6 MB holds, with every cell once as written and once as understood.
_MAX_CHARACTERS = 400_000
# So many headings are remembered, the latest chosen.
_MAX_REMEMBERED = 300


def upload(scope: Scope, content: bytes, content_type: str, seed: str, now: datetime) -> ImportOut:
    """Judge the file and keep it until the decision. Raises Invalid and TooLarge for what is no such file,
    Conflict without an active subscription.
    """
    require_subscription(scope)
    file_hash = hashlib.sha256(content).hexdigest()
    mapping, earlier = store.before_upload(scope.org, file_hash)
    reading = read_file(content, content_type, last_time=_choices(mapping.columns if mapping else {}))
    import_id = derived_id(seed, "import")
    same_file = None
    if earlier is not None and earlier.import_id != import_id:
        same_file = SameFileOut(import_id=earlier.import_id, uploaded_at=earlier.uploaded_at)
    judgement = _judge(scope, reading, same_file)
    kept = reading.without_secrets(content)
    new = Upload(
        uploads_pk(scope.org), upload_sk(import_id), import_id=import_id, msp_id=scope.msp_id, org_id=scope.org,
        status=UploadStatus.PREVIEW.value, judgement_id=derived_id(seed, "judgement"), is_sheets=kept.is_sheets,
        uploaded_by=scope.account_id, uploaded_at=to_text(now), **judgement.facts,
    )  # fmt: skip
    files().write(file_key(scope.org, import_id), [kept.content], "application/octet-stream")
    store.put_rows(scope.org, import_id, new.judgement_id, judgement.chunks, now)
    entry = AuditEntry(
        scope.account_id, "import.uploaded", f"import/{import_id}", after={"num_rows": judgement.facts["num_rows"]}
    )
    try:
        audit.commit(scope.tenant_pk, entry, store.create_writes(new, file_hash, now), now)
    except ConditionFailed:
        return upload_out(find_upload(scope, import_id, now))
    return upload_out(new)


def choose(scope: Scope, import_id: str, form: MappingForm, seed: str, now: datetime) -> ImportOut:
    """Judge the file again: another sheet or encoding, other meanings of columns. Raises NotFound, Conflict once it is
    decided, Invalid for what the file does not have.
    """
    before = find_upload(scope, import_id, now)
    require_subscription(scope)
    judgement_id = derived_id(seed, "judgement")
    if before.judgement_id == judgement_id:
        return upload_out(before)
    if before.status != UploadStatus.PREVIEW:
        raise already_decided(before)
    content = files().read(file_key(scope.org, import_id))
    if content is None:
        current = find_upload(scope, import_id, now)
        if current.status != UploadStatus.PREVIEW:
            raise already_decided(current)
        raise Conflict("file_gone", "The file is no longer stored. To read it another way, upload it again.")
    said = ReadingOut.model_validate(before.reading)
    remembered = dict(mapping.columns) if (mapping := store.last_mapping(scope.org)) else {}
    source = Source.CHOSEN if form.encoding else said.encoding_source or Source.CHOSEN
    choice = Choice(form.sheet or said.sheet, form.encoding or said.encoding, source, form.columns)
    reading = read_file(content, "", choice, _choices(remembered), is_sheets=bool(before.is_sheets))
    judgement = _judge(scope, reading, said.same_file)
    after = _changed(before, {**judgement.facts, "judgement_id": judgement_id})
    store.put_rows(scope.org, import_id, judgement_id, judgement.chunks, now)
    chosen = {heading_key(heading): meaning for heading, meaning in form.columns.items()}
    others = {key: meaning for key, meaning in remembered.items() if key not in chosen}
    mapping_after = dict([*others.items(), *chosen.items()][-_MAX_REMEMBERED:])
    entry = AuditEntry(
        scope.account_id, "import.mapped", f"import/{import_id}",
        {"sheet": said.sheet, "encoding": said.encoding, "columns": _meanings(said.columns)},
        {
            "sheet": reading.sheet_name, "encoding": judgement.facts["reading"]["encoding"],
            "columns": _meanings(reading.columns),
        },
    )  # fmt: skip
    try:
        audit.commit(scope.tenant_pk, entry, store.judge_again_writes(before, after, mapping_after, now), now)
    except ConditionFailed:
        return _met_change(scope, import_id, judgement_id, now)
    return upload_out(after)


@dataclass(frozen=True)
class _Judgement:
    """`facts` are attributes of the upload."""

    facts: dict[str, Any]
    chunks: list[list[store.Row]]


def _judge(scope: Scope, reading: Reading, same_file: SameFileOut | None) -> _Judgement:
    sheet, decoding = reading.sheet, reading.document.decoding
    if sum(len(cell) for row in sheet.rows for cell in row.cells) > _MAX_CHARACTERS:
        raise refusal("too_much_text", limit=f"{_MAX_CHARACTERS:,}")
    is_guessed = decoding is not None and decoding.source == Source.GUESSED
    verdicts = judge(sheet, reading.columns, _directory_of(scope.org), is_guessed=is_guessed)
    secrets = {index for index, column in enumerate(reading.columns) if column.reason == Reason.SECRET}
    rows = [
        {
            "cells": ["" if index in secrets else cell for index, cell in enumerate(row.cells)],
            "verdict": verdict.model_dump(mode="json"),
        }
        for row, verdict in zip(sheet.rows, verdicts, strict=True)
    ]
    for row, verdict in zip(rows, verdicts, strict=True):
        if store.size_of(row) > store.MAX_ROW_BYTES:
            raise refusal("row_too_long", line=verdict.number)
    chunks = store.chunks_of(rows)
    said = ReadingOut(
        sheet=reading.sheet_name,
        other_sheets=list(reading.others),
        encoding=decoding.label if decoding is not None else None,
        encoding_source=decoding.source if decoding is not None else None,
        columns=[_column_out(column) for column in reading.columns],
        remarks=list(remarks_on(reading, same_file)),
        same_file=same_file,
    )
    facts = {
        "header": sheet.header,
        "reading": said.model_dump(mode="json"),
        "num_rows": len(verdicts),
        "num_corrected": _count(verdicts, Verdict.CORRECTED),
        "num_merged": _count(verdicts, Verdict.MERGED),
        "num_failed": _count(verdicts, Verdict.FAILED),
        "num_chunks": len(chunks),
        "chunks_left": len(chunks),
    }
    return _Judgement(facts, chunks)


def _directory_of(org_id: str) -> Directory:
    departments = structure_store.departments(org_id)
    name_by_id = {department.department_id: department.name for department in departments}

    def statuses_of(emails: Sequence[str]) -> Mapping[str, str]:
        members = members_store.members_by_address(org_id, emails)
        return {email: member.status for email, member in members.items()}

    return Directory(
        groups={group.group_id: group.name for group in structure_store.groups(org_id)},
        departments=[
            Department(
                department.department_id,
                department.name,
                [name_by_id.get(department_id, "") for department_id in department.path],
            )
            for department in departments
        ],
        locations={location.location_id: location.name for location in structure_store.locations(org_id)},
        statuses_of=statuses_of,
    )


def _count(verdicts: list[RowOut], verdict: Verdict) -> int:
    return sum(row.verdict == verdict for row in verdicts)


def _column_out(column: Column) -> ColumnOut:
    explanation = explain(f"column_{column.reason}")
    return ColumnOut(
        heading=column.heading,
        meaning=column.meaning,
        reason=column.reason,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
        proposal=column.proposal,
    )


def _choices(columns: Mapping[str, str | None]) -> Choices:
    return {key: Meaning(meaning) if meaning else None for key, meaning in columns.items()}


def _meanings(columns: Any) -> dict[str, str]:
    return {column.heading: str(column.meaning) for column in columns if column.meaning is not None}


def _changed(before: Upload, facts: Mapping[str, Any]) -> Upload:
    after = Upload.from_raw_data(before.serialize())
    for name, value in facts.items():
        setattr(after, name, value)
    return after


def _met_change(scope: Scope, import_id: str, judgement_id: str, now: datetime) -> ImportOut:
    current = find_upload(scope, import_id, now)
    if current.judgement_id == judgement_id:
        return upload_out(current)
    if current.status != UploadStatus.PREVIEW:
        raise already_decided(current)
    raise Conflict("changed_meanwhile", "Someone else changed this upload at the same time. Please look at it again.")
