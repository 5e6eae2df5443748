"""Which batches of an organization somebody sees there, and which they may change."""

from collections.abc import Callable

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.states import LaunchedBy
from chalicelib.training.batches.store import BatchKey


def launched_by(batch: Batch) -> LaunchedBy:
    if batch.group_id is not None:
        return LaunchedBy.GROUP
    return LaunchedBy(batch.launched_by or LaunchedBy.MSP)


def visible(scope: Scope) -> Callable[[Batch], bool]:
    """All of the organization; to who is limited to departments those that reach nobody outside them, as they are now.

    A department that is gone has nobody, and limits nothing.
    """
    limits = scope.department_ids
    if limits is None:
        return lambda batch: True
    departments = structure_store.departments(scope.org)
    outside = {one.department_id for one in departments if not limits & set(one.path)}
    reached = {one.department_id for one in departments} - outside

    def is_visible(batch: Batch) -> bool:
        ids = set(batch.department_ids or ())
        return bool(ids & reached) and not ids & outside

    return is_visible


def batch_of(scope: Scope, batch_id: str) -> BatchKey:
    """Raises NotFound."""
    return _found(scope, batch_id)[0]


def changeable(scope: Scope, batch_id: str) -> BatchKey:
    """Raises NotFound, and Forbidden for what the MSP launched, unless its admin asks."""
    key, batch = _found(scope, batch_id)
    if launched_by(batch) == LaunchedBy.MSP and not scope.is_msp_admin:
        problem = "Your provider launched this batch. You can see it, but only they can change it."
        raise Forbidden(problem, "launched_by_msp")
    return key


def _found(scope: Scope, batch_id: str) -> tuple[BatchKey, Batch]:
    key = BatchKey(scope.msp_id, scope.org, batch_id)
    batch = batch_store.batch(key)
    if batch is None or not visible(scope)(batch):
        raise NotFound("There is no such batch")
    return key, batch
