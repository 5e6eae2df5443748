"""Acting on many people: whom it reaches is counted and fixed first, and shown; then a job acts on them.

What the number says and whom the action reaches is one list, so that they cannot differ.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict, Forbidden, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import queue
from chalicelib.people.bulk_actions import counting, store
from chalicelib.people.bulk_actions.explanations import explain
from chalicelib.people.bulk_actions.models import BulkAction, bulk_pk, bulk_sk
from chalicelib.people.bulk_actions.schemas import (
    BulkActionOut,
    BulkActionPage,
    BulkResult,
    BulkResultPage,
    LeftOut,
    ManyPeople,
)
from chalicelib.people.bulk_actions.states import NEEDS, BulkKind, BulkStatus, Code
from chalicelib.people.search import kept_filters
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.web.paging import Pager, invalid_cursor

# Whoever was invited again since then would be met by what was meant for the invitation of before.
_COUNT_GOOD_FOR = timedelta(days=1)


def prepare(
    scope: Scope, kind: BulkKind, form: ManyPeople, clear_blocked: bool, seed: str, now: datetime
) -> BulkActionOut:
    """Count whom it would reach. Few people are counted at once, more in the background. Raises Forbidden, Invalid."""
    _require(scope, kind)
    filter_ = None
    if form.filter is not None:
        filter_ = kept_filters.resolved(scope, form.filter, "filter.filter_id").model_dump(
            mode="json", exclude_defaults=True
        )
    action_id = derived_id(seed, "bulk")
    new = BulkAction(
        bulk_pk(scope.org), bulk_sk(action_id), action_id=action_id, msp_id=scope.msp_id, org_id=scope.org,
        action_kind=kind.value, filter=filter_, department_ids=_limits(scope), clear_blocked=clear_blocked,
        status=BulkStatus.COUNTING.value, numbers={}, created_by=scope.account_id, created_at=to_text(now),
    )  # fmt: skip
    try:
        if filter_ is None:
            store.create_counted(new, counting.named(new, form.member_ids), now)
        else:
            store.create(new, now)
    except ConditionFailed:
        # An earlier try of the same request made it.
        new = find(scope, action_id, now)
    if new.status == BulkStatus.COUNTING:
        counting.count_now(new)
        new = find(scope, action_id, now)
    if new.status == BulkStatus.COUNTING:
        queue.send_soon(store.job_of(new, new.created_at))
    return out(new)


def run(scope: Scope, action_id: str, kinds: frozenset[BulkKind], seed: str, now: datetime) -> BulkActionOut:
    """Do it. Raises NotFound, also for an action of another kind than these, and Conflict unless it is ready."""
    action = find(scope, action_id, now)
    if BulkKind(action.action_kind) not in kinds:
        raise NotFound("There is no such action")
    _require(scope, BulkKind(action.action_kind))
    if action.run_id != seed:
        if action.status == BulkStatus.COUNTING:
            raise Conflict("still_counting", "The people are still being counted. Please wait a moment.")
        if action.status != BulkStatus.READY:
            raise Conflict("already_run", "This was started already.")
        if to_instant(action.created_at) < now - _COUNT_GOOD_FOR:
            raise Conflict("count_again", "This was counted more than a day ago. Please count again.")
        entry = AuditEntry(
            scope.account_id, f"members.{action.action_kind}", f"bulk_action/{action_id}",
            after={"num_people": int(action.num_reached)},
        )  # fmt: skip
        try:
            audit.commit(scope.tenant_pk, entry, store.run_writes(action, scope.account_id, seed, now), now)
        except ConditionFailed:
            if find(scope, action_id, now).run_id != seed:
                raise Conflict("already_run", "This was started already.") from None
        action = find(scope, action_id, now)
    if action.status == BulkStatus.RUNNING:
        queue.send_soon(store.job_of(action, str(action.run_at)))
    return out(action)


def read(scope: Scope, action_id: str, now: datetime) -> BulkActionOut:
    return out(find(scope, action_id, now))


def page(scope: Scope, pager: Pager) -> BulkActionPage:
    """Who is limited to departments sees those that were limited to the same."""
    found = store.page(scope.org, pager.limit, pager.position)
    visible = [item for item in found.items if _is_visible(scope, item)]
    return BulkActionPage(items=[out(item) for item in visible], next_cursor=pager.cursor(found.next_position))


def results(scope: Scope, action_id: str, pager: Pager, now: datetime) -> BulkResultPage:
    """Everybody who matched, in the order in which they are acted on."""
    action = find(scope, action_id, now)
    number, _, told = (pager.position or "0|0").partition("|")
    if not (number.isdecimal() and told.isdecimal()):
        raise invalid_cursor()
    first, offset = int(number), int(told)
    num_parts = -(-(offset + pager.limit) // store.PEOPLE_PER_PART)
    people = [
        (part, place, member_id, code)
        for part, results in enumerate(store.parts(action, first, num_parts), start=first)
        for place, (member_id, code) in enumerate(results)
    ][offset:]
    shown = people[: pager.limit]
    position = None
    if len(people) > pager.limit:
        position = f"{people[pager.limit][0]}|{people[pager.limit][1]}"
    elif shown and shown[-1][0] + 1 < int(action.num_parts):
        position = f"{shown[-1][0] + 1}|0"
    items = [_result(member_id, code) for _, _, member_id, code in shown]
    return BulkResultPage(items=items, next_cursor=pager.cursor(position))


def find(scope: Scope, action_id: str, now: datetime) -> BulkAction:
    """Raises NotFound for who reaches other people."""
    action = store.find(scope.org, action_id, now)
    if action is None or not _is_visible(scope, action):
        raise NotFound("There is no such action")
    return action


def _require(scope: Scope, kind: BulkKind) -> None:
    if NEEDS[kind] not in scope.permissions:
        raise Forbidden()


def _limits(scope: Scope) -> list[str] | None:
    return None if scope.department_ids is None else sorted(scope.department_ids)


def _is_visible(scope: Scope, action: BulkAction) -> bool:
    return scope.department_ids is None or action.department_ids == _limits(scope)


def _result(member_id: str, code: str) -> BulkResult:
    if code in (Code.WAITS, Code.DONE):
        return BulkResult(member_id=member_id, done=True if code == Code.DONE else None)
    why = explain(code)
    return BulkResult(member_id=member_id, done=False, code=code, sentence=why.sentence, next_step=why.next_step)


def out(action: BulkAction) -> BulkActionOut:
    numbers: dict[str, Any] = dict(action.numbers)
    left_out = [
        LeftOut(code=code, num_people=number, sentence=explain(code).sentence, next_step=explain(code).next_step)
        for code, number in sorted(numbers.items())
    ]
    return BulkActionOut(
        action_id=action.action_id,
        action=BulkKind(action.action_kind),
        status=BulkStatus(action.status),
        num_matching=int(action.num_matching),
        num_reached=int(action.num_reached),
        left_out=left_out,
        num_done=int(action.num_done),
        num_refused=int(action.num_refused),
        created_by=action.created_by,
        created_at=action.created_at,
        run_by=action.run_by,
        run_at=action.run_at,
    )
