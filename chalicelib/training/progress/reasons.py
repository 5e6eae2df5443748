"""Why an enrollment is there, and what ended it."""

from collections.abc import Iterable
from typing import Literal

from chalicelib.training.batches.models import Batch, Enrollment
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.batches.store import batches_by_id
from chalicelib.training.batches.visibility import launched_by
from chalicelib.training.progress.schemas import EnrollmentReason


def reason_of(enrollment: Enrollment, batch: Batch | None) -> EnrollmentReason:
    """`batch` is the one that made it. Without one, it is progress that the person brought along."""
    if batch is None:
        return EnrollmentReason(kind="own_course", launched_by=None, batch_id=None, group_id=None, name=None)
    kind: Literal["batch", "group", "invitation"] = "batch"
    if batch.group_id is not None:
        kind = "invitation" if enrollment.origin else "group"
    return EnrollmentReason(
        kind=kind,
        launched_by=launched_by(batch),
        batch_id=batch.batch_id,
        group_id=batch.group_id,
        name=batch.name,
    )


def batches_of(org_id: str, enrollments: Iterable[Enrollment]) -> dict[str, Batch]:
    """The batches that made them, by id: one call."""
    return batches_by_id(org_id, {one.batch_id for one in enrollments if one.batch_id})


def ended_by(enrollment: Enrollment) -> Literal["admin", "undo", "archive"] | None:
    if enrollment.status != EnrollmentStatus.CANCELLED:
        return None
    if enrollment.cancelled_by:
        return "admin"
    return "archive" if enrollment.left_at else "undo"
