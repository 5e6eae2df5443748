"""Exports: a list is written into a file in the background, and downloaded through a link that expires soon."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.aws.files import files
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.explanations import explanations_in
from chalicelib.core.paging import Page, filtered_page
from chalicelib.jobs import activity_store, queue
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.reporting.evidence import collect
from chalicelib.reporting.exports import sources, store
from chalicelib.reporting.exports.messages import RunExport
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk, file_key
from chalicelib.reporting.exports.schemas import ExportOut, ExportPage, Selection
from chalicelib.reporting.exports.states import ENDINGS, PRIVATE, Code, ExportKind, ExportStatus, ending_of
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.paging import Pager

# As in the bucket's lifecycle (infra/resources.yaml), which deletes files at the midnight after.
KEPT_FOR = timedelta(days=7)

# Long enough to follow a link, too short to pass it on.
LINK_LASTS = timedelta(minutes=15)

_MAX_READS = 5

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
    return _found(store.find(scope.msp_id, export_id, scope.org_id), scope, now)


def find_in(org_id: str, export_id: str, scope_for: Callable[[Permission], Scope], now: datetime) -> ExportOut:
    """`find` in an organization for whoever may ask for an export of this kind, and perhaps for no other.

    Raises also what `scope_for` a permission raises.
    """
    export = store.find("", export_id, org_id)
    needed = _needs(export.selection["kind"]) if export is not None else Permission.TRAINING_READ
    try:
        scope = scope_for(needed)
    except Forbidden:
        # Who may find others finds none of this kind, as if there were none.
        scope = scope_for(Permission.TRAINING_READ)
    return _found(export, scope, now)


def _found(export: Export | None, scope: Scope, now: datetime) -> ExportOut:
    if export is None or not _is_visible(scope, export, now):
        raise NotFound()
    return shown(export, scope.msp_id)


def page(scope: Scope, pager: Pager, now: datetime) -> ExportPage:
    """Those that `find` gives to the same caller, newest first."""

    def read(after: str | None) -> Page[Export]:
        return store.page(scope.msp_id, scope.org_id, pager.limit, after)

    found = filtered_page(
        read, lambda export: _is_visible(scope, export, now), lambda export: export.sk, pager.limit, pager.position,
        _MAX_READS,
    )  # fmt: skip
    items = [out(export, None) for export in found.items]
    return ExportPage(items=items, next_cursor=pager.cursor(found.next_position))


def _is_visible(scope: Scope, export: Export, now: datetime) -> bool:
    if is_over(export, now) or _needs(export.selection["kind"]) not in scope.permissions:
        return False
    is_own = export.created_by == scope.account_id
    if export.selection["kind"] in PRIVATE and not is_own:
        return False
    return scope.department_ids is None or (is_own and list(export.department_ids or ()) == _limits(scope))


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
    """Write the file. Any number of times: every delivery writes the same file, and the first sets the status.

    What takes longer than one message is only begun.
    """
    export = store.find(job.msp_id, job.export_id, job.org_id, job.account_id)
    if export is None:
        # An earlier delivery may have written the file and died before it saw that somebody in it was erased.
        for ending in ENDINGS:
            files().delete(file_key(job.account_id or job.msp_id, job.export_id, ending))
        return
    if export.status != ExportStatus.RUNNING:
        return
    limits = frozenset(export.department_ids) if export.department_ids else None
    scope = Scope(export.created_by, job.msp_id, job.org_id, limits, is_msp_admin=job.org_id is None)
    selection = Selection.model_validate(export.selection)
    if selection.kind == ExportKind.EVIDENCE:
        collect.begin(job, export.created_at, now)
        return
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
