"""Reads and writes of drafts."""

from collections.abc import Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.rollouts.drafts.models import Draft, draft_sk, drafts_pk


def create(draft: Draft) -> bool:
    """False when it is there already."""
    return table.put_if_new(draft)


def find(msp_id: str, account_id: str, draft_id: str) -> Draft | None:
    return table.get(Draft, drafts_pk(msp_id, account_id), draft_sk(draft_id))


def newest(msp_id: str, account_id: str, limit: int) -> Sequence[Draft]:
    return table.query(Draft, drafts_pk(msp_id, account_id), limit=limit, newest_first=True, consistent=True).items


def page(msp_id: str, account_id: str, limit: int, after: str | None) -> Page[Draft]:
    pk = drafts_pk(msp_id, account_id)
    return table.query(Draft, pk, limit=limit, after=after, newest_first=True, consistent=True)


def change(draft: Draft, changes: dict[str, Any]) -> None:
    """ConditionFailed when it was changed since it was read."""
    actions = [Draft.revision.set(draft.revision + 1)]
    for name, value in changes.items():
        attribute = getattr(Draft, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    table.transact([Write("update", Draft(*draft.key), Draft.revision == draft.revision, tuple(actions))])


def delete(draft: Draft) -> None:
    table.transact([Write("delete", Draft(*draft.key))])


def own_clients(msp_id: str, org_ids: Sequence[str]) -> list[Org]:
    """Those of these that are clients of this MSP, in the order given."""
    return table.fetch_all((Ref(Org, msp_pk(msp_id), org_sk(org_id)) for org_id in org_ids), consistent=False)
