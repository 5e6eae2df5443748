"""An upload as its routes answer it, and what each of them asks first."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.people.invitations.join_settings import CLOSED_SO
from chalicelib.people.uploads import store
from chalicelib.people.uploads.models import Upload
from chalicelib.people.uploads.row_schemas import ProblemOut, RowOut
from chalicelib.people.uploads.schemas import ImportDetail, ImportOut, ImportRowOut, ReadingOut
from chalicelib.people.uploads.states import UploadStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.tenants.organizations.states import Subscription


def find_upload(scope: Scope, import_id: str, now: datetime) -> Upload:
    upload = store.find(scope.org, import_id)
    if upload is None or store.is_over(upload, now):
        raise NotFound("There is no such upload")
    return upload


def require_subscription(scope: Scope) -> None:
    """Raises Conflict without one, and for a client that was closed."""
    if open_org_of(scope.msp_id, scope.org, CLOSED_SO).subscription != Subscription.ACTIVE:
        problem = "Uploads need an active subscription. Your provider can switch it on. You can still invite by hand."
        raise Conflict("subscription_needed", problem)


def already_decided(upload: Upload) -> Conflict:
    return Conflict("already_decided", f"This upload is already {upload.status}.")


def upload_out(upload: Upload) -> ImportOut:
    return ImportOut(**_facts(upload))


def detail_out(upload: Upload) -> ImportDetail:
    return detail_of(upload, store.rows_of(upload))


def detail_of(upload: Upload, kept: Sequence[store.Row]) -> ImportDetail:
    """With every row, and what became of it so far."""
    outcomes = store.outcomes_of(upload.org_id, upload.import_id)
    rows = [row_out(row, outcomes) for row in kept]
    reading = ReadingOut.model_validate(upload.reading)
    return ImportDetail(**_facts(upload), **dict(reading), header=list(upload.header), rows=rows)


def row_out(row: store.Row, outcomes: Mapping[str, Mapping[str, object]]) -> ImportRowOut:
    verdict = RowOut.model_validate(row["verdict"])
    outcome = outcomes.get(str(verdict.number), {})
    problems = [ProblemOut.model_validate(problem) for problem in outcome.get("problems", [])]  # type: ignore[attr-defined]
    return ImportRowOut(
        **verdict.model_dump(exclude={"problems"}),
        problems=[*verdict.problems, *problems],
        outcome=outcome.get("outcome"),
        member_id=outcome.get("member_id"),
    )


def _facts(upload: Upload) -> dict[str, object]:
    counts = ("num_rows", "num_corrected", "num_merged", "num_failed", "num_invited")
    texts = ("import_id", "uploaded_by", "uploaded_at", "decided_by", "decided_at", "notify_at")
    facts: dict[str, object] = {name: int(getattr(upload, name)) for name in counts}
    return {**facts, **{name: getattr(upload, name) for name in texts}, "status": UploadStatus(upload.status)}
