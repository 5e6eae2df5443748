"""Drafts: begun, changed step by step, and done. Each is its admin's own, and lives a week unchanged."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions.enrolling.drafts import store
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft, draft_sk, drafts_pk
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm, Kind

# Not longer: it may hold the start of a name, which an erasure does not know for that of one person.
KEPT_FOR = timedelta(days=7)

_SHOWN = 20


def begin(scope: Scope, draft_id: str, form: EnrollDraftForm, now: datetime) -> EnrollDraft:
    """The same id again gives the draft that is there."""
    draft = EnrollDraft(
        drafts_pk(scope.org, scope.account_id), draft_sk(form.kind, draft_id), draft_id=draft_id,
        form=form.model_dump(), **_stamp(now),
    )  # fmt: skip
    return draft if store.create(draft) else find(scope, form.kind, draft_id, now)


def newest(scope: Scope, kind: Kind, now: datetime) -> Sequence[EnrollDraft]:
    """Those that nobody was enrolled by, the newest first."""
    found = store.newest(scope.org, scope.account_id, kind, _SHOWN)
    return [draft for draft in found if draft.enroll_id is None and not _is_over(draft, now)]


def find(scope: Scope, kind: Kind, draft_id: str, now: datetime) -> EnrollDraft:
    """Raises NotFound, also for somebody else's."""
    draft = store.find(scope.org, scope.account_id, kind, draft_id)
    if draft is None or _is_over(draft, now):
        raise NotFound()
    return draft


def form_of(draft: EnrollDraft) -> EnrollDraftForm:
    return EnrollDraftForm.model_validate(draft.form)


def change(
    scope: Scope, kind: Kind, draft_id: str, patch: Callable[[EnrollDraftForm], dict[str, Any]], now: datetime
) -> EnrollDraft:
    """`patch` gives new values from the form as it is, so that two tabs add to each other. Raises NotFound.

    A draft by which people were enrolled stays as it is. What was counted for another form does not count for this one.
    """

    def step() -> EnrollDraft:
        draft = find(scope, kind, draft_id, now)
        form = EnrollDraftForm.model_validate({**draft.form, **patch(form_of(draft))}).model_dump()
        if draft.enroll_id is None and form != draft.form:
            store.change(draft, {"form": form, "plan_id": None, **_stamp(now)})
        return find(scope, kind, draft_id, now)

    return until_settled(step)


def counted(draft: EnrollDraft, plan_id: str, now: datetime) -> None:
    """The preview of the form as it was read is this. Nothing when the form is another one by now."""
    with suppress(ConditionFailed):
        store.change(draft, {"plan_id": plan_id, **_stamp(now)})


def enrolled(scope: Scope, kind: Kind, draft_id: str, enroll_id: str, now: datetime) -> None:
    """From now on its address leads to the results."""

    def step() -> None:
        draft = find(scope, kind, draft_id, now)
        if draft.enroll_id is None:
            store.change(draft, {"enroll_id": enroll_id, **_stamp(now)})

    until_settled(step)


def delete(scope: Scope, kind: Kind, draft_id: str, now: datetime) -> None:
    """Deleting it again changes nothing."""
    try:
        store.delete(find(scope, kind, draft_id, now))
    except NotFound:
        return


def _stamp(now: datetime) -> dict[str, Any]:
    return {"changed_at": to_text(now), "ttl": int((now + KEPT_FOR).timestamp())}


def _is_over(draft: EnrollDraft, now: datetime) -> bool:
    """DynamoDB's TTL deletes late."""
    return to_instant(draft.changed_at) + KEPT_FOR <= now
