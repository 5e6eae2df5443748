"""Exports: a list is written into a file in the background, and downloaded through a link that expires soon."""

from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.aws.files import files
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import NotFound
from chalicelib.core.explanations import explanations_in
from chalicelib.jobs import activity_store, queue
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.reporting.exports import sources, store
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk, file_key
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import PRIVATE, Code, ExportKind, ExportStatus, ending_of
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission

# As in the bucket's lifecycle (infra/resources.yaml), which deletes files at the midnight after.
KEPT_FOR = timedelta(days=7)

# Long enough to follow a link, too short to pass it on.
LINK_LASTS = timedelta(minutes=15)

# Of lists that are about more than training.
_NEEDS = {
    ExportKind.DASHBOARD: Permission.ROLLOUTS,
    ExportKind.MEMBER: Permission.MEMBERS,
    ExportKind.EVIDENCE: Permission.AUDIT,
}

_TEXTS = Path(__file__).with_name("explanations.toml")


def start(scope: Scope, selection: Selection, export_id: str, now: datetime) -> ExportOut:
    """Save the export and queue its job. Raises NotFound when there is no such list.

    Raises Unavailable when the message cannot be sent; the same request again sends it.
    """
    job = RunExport(msp_id=scope.msp_id, org_id=scope.org_id, export_id=export_id)
    return begin(job, selection, sources.name_of(scope.msp_id, selection), scope.account_id, _limits(scope), now)


def begin(
    job: RunExport, selection: Selection, name: str, created_by: str, limits: list[str] | None, now: datetime
) -> ExportOut:
    """`name` is that of the file, without date and ending."""
    expires_at = now + KEPT_FOR
    started = activity_store.write(job.msp_id, created_by, ActivityKind.EXPORT, job.export_id, now, org_id=job.org_id)
    export = store.create(
        Export(
            exports_pk(job.msp_id, job.org_id, job.account_id),
            export_sk(job.export_id),
            export_id=job.export_id,
            status=ExportStatus.RUNNING.value,
            selection=selection.model_dump(mode="json"),
            file_name=f"{name}-{now:%Y-%m-%d}.{ending_of(selection.kind)}",
            created_by=created_by,
            department_ids=limits,
            created_at=to_text(now),
            expires_at=to_text(expires_at),
            ttl=int(expires_at.timestamp()),
        ),
        *([started] if job.account_id is None else []),
    )
    queue.send([job])
    return out(export, None)


def find(scope: Scope, export_id: str, now: datetime) -> ExportOut:
    """The state of the export; once it is ready, with a new link.

    Whoever may not ask for such an export, or no longer, finds none, by whichever route. Who is limited to departments
    finds their own, made under the same limits. What is stored about a person is found by who asked for it.
    """
    export = store.find(scope.msp_id, export_id, scope.org_id)
    if export is None or is_over(export, now) or _needs(export.selection["kind"]) not in scope.permissions:
        raise NotFound()
    is_own = export.created_by == scope.account_id
    if export.selection["kind"] in PRIVATE and not is_own:
        raise NotFound()
    if scope.department_ids is not None and not (is_own and list(export.department_ids or ()) == _limits(scope)):
        raise NotFound()
    return shown(export, scope.msp_id)


def _needs(kind: str) -> Permission:
    """What one has to be allowed to ask for an export of this kind."""
    return _NEEDS.get(ExportKind(kind), Permission.TRAINING_READ)


def is_over(export: Export, now: datetime) -> bool:
    """TTL deletes late, by days: an expired export counts as none."""
    return to_instant(export.expires_at) <= now


def shown(export: Export, owner_id: str) -> ExportOut:
    """With a new link, once it is ready. The owner is the MSP, or the account whose own data it is."""
    url = None
    if export.status == ExportStatus.READY:
        key = file_key(owner_id, export.export_id, ending_of(export.selection["kind"]))
        url = files().link(key, export.file_name, LINK_LASTS)
    return out(export, url)


def run(job: RunExport, now: datetime) -> None:
    """Write the file. Any number of times: every delivery writes the same file, and the first sets the status."""
    export = store.find(job.msp_id, job.export_id, job.org_id, job.account_id)
    if export is None or export.status != ExportStatus.RUNNING:
        return
    limits = frozenset(export.department_ids) if export.department_ids else None
    scope = Scope(export.created_by, job.msp_id, job.org_id, limits, is_msp_admin=job.org_id is None)
    selection = Selection.model_validate(export.selection)
    content = sources.content(scope, selection, now)
    key = file_key(job.account_id or job.msp_id, job.export_id, ending_of(selection.kind))
    files().write(key, content.pieces(), content.content_type)
    if store.mark_ready(job, content.num_rows):
        return
    if store.find(job.msp_id, job.export_id, job.org_id, job.account_id) is None:
        # Somebody in it was erased meanwhile: nobody is to find the file.
        files().delete(key)


def on_dead_letter(job: RunExport, now: datetime) -> None:
    """The export fails, with an explanation and the next step."""
    store.mark_failed(job, Code.EXPORT_FAILED)


def _limits(scope: Scope) -> list[str] | None:
    return None if scope.department_ids is None else sorted(scope.department_ids)


def out(export: Export, url: str | None) -> ExportOut:
    return ExportOut(
        export_id=export.export_id,
        kind=export.selection["kind"],
        status=ExportStatus(export.status),
        num_rows=int(export.num_rows) if export.num_rows is not None else None,
        created_at=export.created_at,
        expires_at=export.expires_at,
        url=url,
        code=export.code,
        explanation=explanations_in(_TEXTS)[export.code].text if export.code else None,
    )
