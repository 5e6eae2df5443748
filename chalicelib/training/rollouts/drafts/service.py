"""Drafts: begun, changed step by step, counted, launched. Each is its admin's own, and lives 90 days unchanged."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.tenants.access.service import Scope
from chalicelib.training.rollouts.drafts import store
from chalicelib.training.rollouts.drafts.models import Draft, draft_sk, drafts_pk
from chalicelib.training.rollouts.drafts.schemas import DraftForm, DraftOut, DraftPage
from chalicelib.web.paging import Pager

KEPT_FOR = timedelta(days=90)

_SHOWN = 20
_TRIES = 4


def begin(scope: Scope, draft_id: str, form: DraftForm, now: datetime) -> Draft:
    """The same id again gives the draft that is there."""
    draft = Draft(
        drafts_pk(scope.msp_id, scope.account_id), draft_sk(draft_id), draft_id=draft_id, form=form.model_dump(),
        **_stamp(now),
    )  # fmt: skip
    return draft if store.create(draft) else find(scope, draft_id, now)


def newest(scope: Scope, now: datetime) -> Sequence[Draft]:
    """Those that were not launched, the newest first."""
    found = store.newest(scope.msp_id, scope.account_id, _SHOWN)
    return [draft for draft in found if draft.rollout_id is None and not _is_over(draft, now)]


def page(scope: Scope, pager: Pager, now: datetime) -> DraftPage:
    """Those that were not launched, the newest first. A page may be short, and still not be the last."""
    found = store.page(scope.msp_id, scope.account_id, pager.limit, pager.position)
    shown = [draft for draft in found.items if draft.rollout_id is None and not _is_over(draft, now)]
    return DraftPage(items=[out(draft) for draft in shown], next_cursor=pager.cursor(found.next_position))


def out(draft: Draft) -> DraftOut:
    form = form_of(draft)
    return DraftOut(
        draft_id=draft.draft_id,
        form=form,
        launch=form.as_launch(),
        plan_id=draft.plan_id,
        rollout_id=draft.rollout_id,
        changed_at=draft.changed_at,
        expires_at=to_text(to_instant(draft.changed_at) + KEPT_FOR),
    )


def find(scope: Scope, draft_id: str, now: datetime) -> Draft:
    """Raises NotFound, also for somebody else's."""
    draft = store.find(scope.msp_id, scope.account_id, draft_id)
    if draft is None or _is_over(draft, now):
        raise NotFound()
    return draft


def form_of(draft: Draft) -> DraftForm:
    return DraftForm.model_validate(draft.form)


def change(scope: Scope, draft_id: str, patch: dict[str, Any], now: datetime) -> Draft:
    """One step's fields; those of the others stay, whatever another tab did to them. Raises NotFound.

    What was counted for another form does not count for this one. A draft that was launched stays as it is.
    """

    def step() -> Draft:
        draft = find(scope, draft_id, now)
        form = DraftForm.model_validate({**draft.form, **patch}).model_dump()
        if draft.rollout_id is None and form != draft.form:
            store.change(draft, {"form": form, "plan_id": None, **_stamp(now)})
        return find(scope, draft_id, now)

    return until_settled(step, _TRIES)


def counted(draft: Draft, plan_id: str, now: datetime) -> None:
    """The preview of the form as it was read is this. Nothing when the form is another one by now."""
    try:
        store.change(draft, {"plan_id": plan_id, **_stamp(now)})
    except ConditionFailed:
        return


def launched(scope: Scope, draft_id: str, rollout_id: str, now: datetime) -> None:
    """From now on its address leads to the rollout."""

    def step() -> None:
        draft = find(scope, draft_id, now)
        if draft.rollout_id is None:
            store.change(draft, {"rollout_id": rollout_id, **_stamp(now)})

    until_settled(step, _TRIES)


def delete(scope: Scope, draft_id: str, now: datetime) -> None:
    """Deleting it again changes nothing."""
    try:
        store.delete(find(scope, draft_id, now))
    except NotFound:
        return


def _stamp(now: datetime) -> dict[str, Any]:
    return {"changed_at": to_text(now), "ttl": int((now + KEPT_FOR).timestamp())}


def _is_over(draft: Draft, now: datetime) -> bool:
    """DynamoDB's TTL deletes late."""
    return to_instant(draft.changed_at) + KEPT_FOR <= now
