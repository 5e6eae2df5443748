"""Reads and writes of drafts."""

from collections.abc import Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft, draft_sk, drafts_pk


def create(draft: EnrollDraft) -> bool:
    """False when it is there already."""
    return table.put_if_new(draft)


def find(org_id: str, account_id: str, kind: str, draft_id: str) -> EnrollDraft | None:
    return table.get(EnrollDraft, drafts_pk(org_id, account_id), draft_sk(kind, draft_id))


def newest(org_id: str, account_id: str, kind: str, limit: int) -> Sequence[EnrollDraft]:
    return table.query(
        EnrollDraft,
        drafts_pk(org_id, account_id),
        prefix=draft_sk(kind, ""),
        limit=limit,
        newest_first=True,
        consistent=True,
    ).items


def change(draft: EnrollDraft, changes: dict[str, Any]) -> None:
    """ConditionFailed when it was changed since it was read."""
    actions = [EnrollDraft.revision.set(draft.revision + 1)]
    for name, value in changes.items():
        attribute = getattr(EnrollDraft, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    is_same = EnrollDraft.revision == draft.revision
    table.transact([Write("update", EnrollDraft(*draft.key), is_same, tuple(actions))])


def delete(draft: EnrollDraft) -> None:
    table.transact([Write("delete", EnrollDraft(*draft.key))])
