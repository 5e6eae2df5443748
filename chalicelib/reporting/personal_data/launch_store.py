"""By what admins chose people: the filters of launches, of enrollments in trainings, of drafts and of bulk actions."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import derived_id
from chalicelib.core.paging import Page
from chalicelib.people.bulk_actions.models import BulkAction, bulk_pk, bulk_sk
from chalicelib.training.batches.models import Partition, RolloutSpec, batch_pk, partition_sk, spec_ref
from chalicelib.training.rollouts.models import Rollout, rollout_sk, rollouts_pk
from chalicelib.training.sessions.enrolling.drafts import store as drafts_store
from chalicelib.training.sessions.enrolling.drafts.models import EnrollDraft, drafts_pk
from chalicelib.training.sessions.models import Enroll, enroll_sk, enrolls_pk

_PAGE = 50


def rollouts(msp_id: str, org_id: str, after: str | None) -> Page[Rollout]:
    """The organization's own. Launches across clients have no filters."""
    return table.query(Rollout, rollouts_pk(msp_id, org_id), prefix=rollout_sk(""), limit=_PAGE, after=after)


def specs(msp_id: str, found: Iterable[Rollout]) -> dict[str, RolloutSpec]:
    """By rollout, in one call."""
    refs = {one.rollout_id: spec_ref(msp_id, one.rollout_id) for one in found}
    by_pk = {spec.pk: spec for spec in table.fetch_all(refs.values())}
    return {rollout_id: by_pk[ref.pk] for rollout_id, ref in refs.items() if ref.pk in by_pk}


def partitions(org_id: str, rollout_id: str) -> list[Partition]:
    """Of the rollout's batch."""
    return table.query_all(Partition, batch_pk(org_id, derived_id(rollout_id, org_id)), prefix=partition_sk(""))


def put_plan(spec: RolloutSpec, plan: Any) -> None:
    _put(Write("update", RolloutSpec(*spec.key), RolloutSpec.pk.exists(), (RolloutSpec.plan.set(plan),)))


def put_recipients(partition: Partition, recipients: Any) -> None:
    actions = (Partition.recipients.set(recipients),)
    _put(Write("update", Partition(*partition.key), Partition.pk.exists(), actions))


def enrolls(org_id: str, after: str | None) -> Page[Enroll]:
    return table.query(Enroll, enrolls_pk(org_id), prefix=enroll_sk(""), limit=_PAGE, after=after)


def put_filter(enroll: Enroll, filter_: Any) -> None:
    _put(Write("update", Enroll(*enroll.key), Enroll.pk.exists(), (Enroll.filter.set(filter_),)))


def drafts(org_id: str, account_id: str) -> list[EnrollDraft]:
    """One admin's, done or not."""
    return table.query_all(EnrollDraft, drafts_pk(org_id, account_id))


def put_form(draft: EnrollDraft, form: Any) -> None:
    """With its preview, which was of another form. ConditionFailed when its admin changed it meanwhile."""
    drafts_store.change(draft, {"form": form, "plan_id": None})


def bulk_actions(org_id: str, after: str | None) -> Page[BulkAction]:
    return table.query(BulkAction, bulk_pk(org_id), prefix=bulk_sk(""), limit=_PAGE, after=after)


def put_chosen(action: BulkAction, filter_: Any) -> None:
    _put(Write("update", BulkAction(*action.key), BulkAction.pk.exists(), (BulkAction.filter.set(filter_),)))


def _put(write: Write) -> None:
    with suppress(ConditionFailed):
        table.transact([write])
