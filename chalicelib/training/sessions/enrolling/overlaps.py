"""Sessions at the same time. They are allowed; admins are told of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from chalicelib.training.sessions.enrolling.enroll_schemas import OverlapWarning, OverlapWith
from chalicelib.training.sessions.models import Session, Training


def overlap(one: Session, other: Session) -> bool:
    """They share a moment. One that begins when the other ends does not."""
    return bool(one.starts_utc < other.ends_utc and other.starts_utc < one.ends_utc)


def among(sessions: Sequence[Session], trainings: Mapping[str, Training]) -> list[OverlapWarning]:
    return [
        warning(one.training_id, other, trainings) for one, other in combinations(sessions, 2) if overlap(one, other)
    ]


def warning(training_id: str, other: Session, trainings: Mapping[str, Training]) -> OverlapWarning:
    training = trainings.get(other.training_id)
    overlaps = OverlapWith(
        training_id=other.training_id, session_id=other.session_id, title=training.title if training else "",
        starts_utc=other.starts_utc, ends_utc=other.ends_utc,
    )  # fmt: skip
    return OverlapWarning(code="overlap", training_id=training_id, overlaps=overlaps)
