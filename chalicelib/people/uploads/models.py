"""Items of uploads. They lie in the outbox, whose items have an end: rows and verdicts stay a year."""

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.tenants.access.models import org_pk


class Upload(OutboxItem):
    """`ORG#o#IMPORTS` / `IMPORT#i`. `chunks_left` counts down while an approved upload is worked on."""

    import_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    status = UnicodeAttribute()
    header: ListAttribute[str] = ListAttribute(default=list)
    num_rows = NumberAttribute()
    num_corrected = NumberAttribute()
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
    """`ORG#o#IMPORT#i` / `ROWS#<n>`: some rows, each with its cells as written and its verdict."""

    rows = JSONAttribute()
    ttl = NumberAttribute()


class UploadOutcome(OutboxItem):
    """`ORG#o#IMPORT#i` / `OUTCOME#<n>`: what became of the rows of a chunk, by their numbers; written once."""

    outcomes = JSONAttribute()
    ttl = NumberAttribute()


ROWS_PREFIX = "ROWS#"
OUTCOMES_PREFIX = "OUTCOME#"


def upload_pk(org_id: str, import_id: str) -> str:
    return f"{org_pk(org_id)}#IMPORT#{import_id}"


def rows_sk(chunk: int) -> str:
    return f"{ROWS_PREFIX}{chunk:04d}"


def outcome_sk(chunk: int) -> str:
    return f"{OUTCOMES_PREFIX}{chunk:04d}"


def file_key(org_id: str, import_id: str) -> str:
    return f"uploads/{org_id}/{import_id}"
