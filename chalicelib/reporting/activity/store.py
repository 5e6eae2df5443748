"""One read of everything that a page of activity names."""

from collections.abc import Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Fetched, Ref
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.jobs.models import Activity
from chalicelib.people.uploads.models import Upload, upload_sk, uploads_pk
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk
from chalicelib.training.batches.models import batch_ref
from chalicelib.training.bulk_changes.models import change_ref
from chalicelib.training.rollouts.models import Rollout, rollout_sk, rollouts_pk
from chalicelib.training.rollouts.preview_store import plan_ref


def refs_of(msp_id: str, one: Activity) -> list[Ref[Any]]:
    """What was started; of an undo the batch as well, for its name."""
    target, org_id, batch_id = one.target_id, one.org_id, str(one.batch_id)
    match ActivityKind(one.kind):
        case ActivityKind.ROLLOUT:
            return [Ref(Rollout, rollouts_pk(msp_id, org_id), rollout_sk(target))]
        case ActivityKind.PREVIEW:
            return [plan_ref(msp_id, target)]
        case ActivityKind.EXPORT:
            return [Ref(Export, exports_pk(msp_id, org_id), export_sk(target))]
        case ActivityKind.IMPORT:
            return [Ref(Upload, uploads_pk(str(org_id)), upload_sk(target))]
        case ActivityKind.UNDO:
            return [change_ref(str(org_id), batch_id, target), batch_ref(str(org_id), batch_id)]


def targets(msp_id: str, activities: Sequence[Activity]) -> Fetched | None:
    """None when there is nothing to read."""
    refs = {ref for one in activities for ref in refs_of(msp_id, one)}
    return table.fetch_mixed(refs, consistent=False) if refs else None
