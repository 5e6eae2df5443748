"""The dashboard over all clients: its totals, its table, and what runs now. Reads only."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import searchable
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations import dashboard_store
from chalicelib.tenants.organizations import store as org_store
from chalicelib.tenants.organizations.models import Counts, Org
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.states import RAN, RolloutState
from chalicelib.training.rollouts import store as rollout_store
from chalicelib.training.rollouts.models import Rollout
from chalicelib.training.rollouts.schemas import (
    Dashboard,
    DashboardItem,
    DashboardQuery,
    DashboardSort,
    DashboardStatus,
    FailedLaunch,
    RunningRollout,
    StatusCounts,
    Totals,
)
from chalicelib.web.paging import Pager

# As of a search for clients: 1,000 a request, past which pages are short.
_SEARCH_PAGE, _SEARCH_READS = 250, 4

# What is sorted has to be read whole.
_MOST_SORTED = 5000

# What was launched longer ago waits for its dates, or for somebody.
_RUNS_WITHIN = timedelta(days=1)
_NEWEST = 5


def dashboard(scope: Scope, query: DashboardQuery, pager: Pager) -> Dashboard:
    """Totals are of all clients, whatever the filters. Raises Invalid when there are too many clients to be sorted."""
    if query.sort != DashboardSort.ADDED:
        counts, orgs = dashboard_store.totals(scope.msp_id), _sorted(scope.msp_id, query, pager)
    elif query.search or query.status:
        counts, orgs = dashboard_store.totals(scope.msp_id), _filtered(scope.msp_id, query, pager)
    else:
        counts, orgs = dashboard_store.dashboard(scope.msp_id, pager.limit, pager.position)
    return Dashboard(
        totals=_totals(counts),
        items=[_item(org) for org in orgs.items],
        next_cursor=pager.cursor(orgs.next_position),
    )


def recent(scope: Scope, now: datetime) -> tuple[list[RunningRollout], list[FailedLaunch]]:
    """Of the newest rollouts those at which something is being done now, and those that some client is not part of.

    Three calls, however many there are.
    """
    headers = rollout_store.rollouts(scope.msp_id, _NEWEST, None).items
    failed = [
        FailedLaunch(rollout_id=one.rollout_id, name=one.name, num_failed=int(one.num_failed))
        for one in headers
        if one.num_failed and one.state == RolloutState.LAUNCHED
    ]
    return _running_of(scope, headers, now), failed


def _running_of(scope: Scope, headers: Iterable[Rollout], now: datetime) -> list[RunningRollout]:
    stored = rollout_store.with_results(scope.msp_id, [one for one in headers if _is_recent(one.created_at, now)])
    keys = [(one.org_id, one.batch_id) for _, results in stored for one in results if one.batch_id]
    batches = rollout_store.batches_of(keys)
    found = []
    for header, results in stored:
        of_orgs = [batches.get(one.batch_id or "") for one in results if one.ok is not False]
        made = [batch for batch in of_orgs if batch is not None]
        if header.state == RolloutState.LAUNCHING or len(made) < len(of_orgs) or any(map(_num_to_do, made)):
            found.append(_running(header, made))
    return found


def _running(header: Rollout, batches: Sequence[Batch]) -> RunningRollout:
    return RunningRollout(
        rollout_id=header.rollout_id,
        name=header.name,
        num_courses=sum(int(batch.num_courses) for batch in batches) or int(header.num_orgs),
        num_ran=sum(_num_ran(batch) for batch in batches),
        num_failed=sum(int(batch.num_failed + batch.num_partial + batch.num_access_denied) for batch in batches),
    )


def _is_recent(created_at: str, now: datetime) -> bool:
    return to_instant(created_at) > now - _RUNS_WITHIN


def _num_to_do(batch: Batch) -> int:
    """Courses that run. Before the client's job has begun all do."""
    return int(batch.num_enrolling if batch.expanded_at else batch.num_courses)


def _num_ran(batch: Batch) -> int:
    return sum(int(getattr(batch, f"num_{status}")) for status in RAN)


def _filtered(msp_id: str, query: DashboardQuery, pager: Pager) -> Page[Org]:
    return filtered_page(
        lambda after: org_store.orgs(msp_id, _SEARCH_PAGE, after),
        lambda org: _matches(org, query),
        lambda org: org.sk,
        pager.limit,
        pager.position,
        _SEARCH_READS,
    )


def _sorted(msp_id: str, query: DashboardQuery, pager: Pager) -> Page[Org]:
    """A position is what its client is sorted by, so that it holds when others come or go."""
    rank = _RANKS[query.sort]
    everybody = sorted((org for org in _all(msp_id) if _matches(org, query)), key=rank)
    rest = [org for org in everybody if pager.position is None or rank(org) > pager.position]
    page = rest[: pager.limit]
    return Page(page, rank(page[-1]) if len(rest) > len(page) else None)


def _all(msp_id: str) -> list[Org]:
    found: list[Org] = []
    after: str | None = None
    while len(found) <= _MOST_SORTED:
        page = org_store.orgs(msp_id, _SEARCH_PAGE, after)
        found += page.items
        after = page.next_position
        if after is None:
            return found
    problem = f"More than {_MOST_SORTED:,} clients can't be sorted. Leave the order out."
    raise Invalid(FieldError("sort", "too_many", problem))


def _by_name(org: Org) -> str:
    return f"{searchable(org.name)}#{org.org_id}"


def _by_failures(org: Org) -> str:
    """The most first."""
    return f"{10**9 - int(org.num_failed):010}#{_by_name(org)}"


_RANKS: dict[DashboardSort, Callable[[Org], str]] = {
    DashboardSort.NAME: _by_name,
    DashboardSort.FAILED: _by_failures,
}


def _matches(org: Org, query: DashboardQuery) -> bool:
    is_found = searchable(query.search or "") in searchable(org.name)
    if query.status == DashboardStatus.PENDING:
        return is_found and not org.num_batches
    return is_found and (query.status is None or getattr(org, f"num_{query.status}") > 0)


def _totals(counts: Iterable[Counts]) -> Totals:
    shards = list(counts)
    return Totals(
        course_enrollments=int(sum(shard.num_courses for shard in shards)),
        completed=int(sum(shard.num_completed for shard in shards)),
        scheduled=int(sum(shard.num_scheduled for shard in shards)),
    )


def _item(org: Org) -> DashboardItem:
    counts = StatusCounts(
        completed=int(org.num_completed), scheduled=int(org.num_scheduled), failed=int(org.num_failed)
    )
    return DashboardItem(
        org_id=org.org_id,
        name=org.name,
        num_batches=int(org.num_batches),
        num_courses=int(org.num_courses),
        status=counts if org.num_batches else "pending",
    )
