"""Codes of enrolling in live trainings, and how long before a session its reminders go out."""

import pytest

from chalicelib.training.sessions.states import MINUTES_BY_REMINDER, Code, EnrollOutcome, TrainingMail, outcome_of


@pytest.mark.parametrize("code", Code)
def test_a_code_that_is_no_outcome_is_a_failure(code: Code) -> None:
    plain = {"invited", "waiting", "already_participant"}
    assert outcome_of(code) == (code.value if code.value in plain else EnrollOutcome.FAILED)


def test_reminders_go_out_a_day_and_an_hour_before() -> None:
    assert MINUTES_BY_REMINDER == {TrainingMail.TOMORROW: 1440, TrainingMail.SOON: 60}
