"""Codes of enrolling in live trainings, and how long before a session its reminders go out."""

import pytest

from chalicelib.training.sessions.states import (
    EXPECTED,
    MINUTES_BY_REMINDER,
    SEATED,
    Code,
    EnrollOutcome,
    ParticipantStatus,
    TrainingMail,
    outcome_of,
)

# Whether a participant holds a place, and is told of changes.
TABLE = {
    "waiting": (False, False),
    "invited": (True, True),
    "confirmed": (True, True),
    "declined": (False, False),
    "attended": (True, False),
    "absent": (True, False),
    "cancelled": (False, False),
}


@pytest.mark.parametrize("code", Code)
def test_a_code_that_is_no_outcome_is_a_failure(code: Code) -> None:
    plain = {"invited", "waiting", "already_participant"}
    assert outcome_of(code) == (code.value if code.value in plain else EnrollOutcome.FAILED)


def test_reminders_go_out_a_day_and_an_hour_before() -> None:
    assert MINUTES_BY_REMINDER == {TrainingMail.TOMORROW: 1440, TrainingMail.SOON: 60}


@pytest.mark.parametrize("status", ParticipantStatus)
def test_who_holds_a_place_and_who_is_told_of_changes(status: ParticipantStatus) -> None:
    assert (status in SEATED, status in EXPECTED) == TABLE[status.value]
