"""Items of uploads. They lie in the outbox, whose items have an end: rows and verdicts stay a year."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import org_pk


class Upload(OutboxItem):
    """`ORG#o#IMPORTS` / `IMPORT#i`. `chunks_left` counts down while an approved upload is worked on.

    `judgement_id` names the rows that count: each time the file is judged again they are written anew. `is_sheets`:
    the file is kept as the sheets in it. `reading` says what was read of it and why, as the preview shows it.
    """

    import_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    status = UnicodeAttribute()
    judgement_id = UnicodeAttribute()
    is_sheets = BooleanAttribute(default=False)
    header: ListAttribute[str] = ListAttribute(default=list)
    reading = JSONAttribute()
    num_rows = NumberAttribute()
    num_corrected = NumberAttribute()
    num_merged = NumberAttribute(default=0)
    num_failed = NumberAttribute()
    num_invited = NumberAttribute(default=0)
    num_chunks = NumberAttribute()
    chunks_left = NumberAttribute()
    uploaded_by = UnicodeAttribute()
    uploaded_at = UnicodeAttribute()
    decided_by = UnicodeAttribute(null=True)
    decided_at = UnicodeAttribute(null=True)
    # The request that decided: by it, the same request knows what it did before.
    decision_id = UnicodeAttribute(null=True)
    notify_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


def uploads_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#IMPORTS"


def upload_sk(import_id: str) -> str:
    return f"IMPORT#{import_id}"


class UploadRows(OutboxItem):
    """`ORG#o#IMPORT#i` / `ROWS#<judgement>#<n>`: some rows, each with its cells as written and its verdict."""

    PERSONAL = frozenset({"rows"})

    rows = JSONAttribute()
    ttl = NumberAttribute()


class UploadOutcome(OutboxItem):
    """`ORG#o#IMPORT#i` / `OUTCOME#<n>`: what became of the rows of a chunk, by their numbers; written once."""

    outcomes = JSONAttribute()
    ttl = NumberAttribute()


OUTCOMES_PREFIX = "OUTCOME#"


def upload_pk(org_id: str, import_id: str) -> str:
    return f"{org_pk(org_id)}#IMPORT#{import_id}"


def rows_prefix(judgement_id: str) -> str:
    return f"ROWS#{judgement_id}#"


def rows_sk(judgement_id: str, chunk: int) -> str:
    return f"{rows_prefix(judgement_id)}{chunk:04d}"


def outcome_sk(chunk: int) -> str:
    return f"{OUTCOMES_PREFIX}{chunk:04d}"


def file_key(org_id: str, import_id: str) -> str:
    return f"uploads/{org_id}/{import_id}"


class UploadedFile(OutboxItem):
    """`ORG#o#IMPORTS#FILES` / `FILE#<hash>`: the latest upload of a file with this content."""

    import_id = UnicodeAttribute()
    uploaded_at = UnicodeAttribute()
    ttl = NumberAttribute()


def uploaded_file_ref(org_id: str, file_hash: str) -> Ref[UploadedFile]:
    return Ref(UploadedFile, f"{uploads_pk(org_id)}#FILES", f"FILE#{file_hash}")


class LastMapping(OutboxItem):
    """`ORG#o#IMPORTS` / `MAPPING`: what columns were chosen to mean, by the key of their headings; null: left out."""

    columns = JSONAttribute()
    ttl = NumberAttribute()


def last_mapping_ref(org_id: str) -> Ref[LastMapping]:
    return Ref(LastMapping, uploads_pk(org_id), "MAPPING")
