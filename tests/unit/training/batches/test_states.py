"""Statuses: what a batch is, by what its rows are, and where each row is counted."""

from itertools import product

import pytest

from chalicelib.training.batches import states
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Batch
from chalicelib.training.batches.states import (
    RETRYABLE,
    BatchStatus,
    Code,
    DashboardColumn,
    Outcome,
    RowStatus,
    batch_status,
    dashboard_column,
    outcome_of,
)


def _expected(statuses: set[str]) -> str:
    """As the pages show it, word by word."""
    if statuses == {"cancelled"}:
        return "cancelled"
    statuses = statuses - {"cancelled"}
    if statuses & {"failed", "partial", "access_denied"}:
        return "has_failures"
    if statuses == {"enrolled"}:
        return "completed"
    return "in_progress" if statuses & {"enrolled", "enrolling"} else "scheduled"


def test_every_combination_of_rows_gives_the_batch_its_status() -> None:
    for present in product((0, 1, 3), repeat=len(RowStatus)):
        numbers = dict(zip(RowStatus, present, strict=True))
        statuses = {status.value for status, number in numbers.items() if number}
        assert batch_status(numbers) == _expected(statuses), statuses


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ("scheduled scheduled", BatchStatus.SCHEDULED),
        ("scheduled cancelled", BatchStatus.SCHEDULED),
        ("scheduled enrolling", BatchStatus.IN_PROGRESS),
        ("scheduled enrolled", BatchStatus.IN_PROGRESS),
        ("enrolling", BatchStatus.IN_PROGRESS),
        ("enrolled enrolled", BatchStatus.COMPLETED),
        ("enrolled cancelled", BatchStatus.COMPLETED),
        ("enrolled scheduled partial", BatchStatus.HAS_FAILURES),
        ("enrolling failed", BatchStatus.HAS_FAILURES),
        ("scheduled access_denied", BatchStatus.HAS_FAILURES),
        ("failed cancelled", BatchStatus.HAS_FAILURES),
        ("cancelled cancelled", BatchStatus.CANCELLED),
    ],
)
def test_a_batch_has_the_status_that_its_rows_give(rows: str, status: BatchStatus) -> None:
    names = rows.split()
    assert batch_status({each: names.count(each) for each in RowStatus}) == status


def test_a_batch_whose_rows_are_not_created_yet_is_scheduled() -> None:
    assert batch_status({}) == BatchStatus.SCHEDULED


def test_every_row_is_counted_in_one_column_and_cancelled_ones_in_none() -> None:
    columns = {
        DashboardColumn.COMPLETED: {"enrolled"},
        DashboardColumn.SCHEDULED: {"scheduled", "enrolling"},
        DashboardColumn.FAILED: {"failed", "partial", "access_denied"},
        None: {"cancelled"},
    }
    for column, statuses in columns.items():
        assert {status for status in RowStatus if dashboard_column(status) == column} == statuses


def test_a_batch_has_a_number_for_every_status_of_rows() -> None:
    numbers = {name.removeprefix("num_") for name in Batch.get_attributes() if name.startswith("num_")}
    assert numbers == {*RowStatus, "courses"}


def test_what_failed_can_be_retried_and_nothing_else() -> None:
    assert {str(status) for status in RETRYABLE} == {"failed", "partial", "access_denied"}


@pytest.mark.parametrize(
    ("statuses", "names"),
    [
        (states.WITH_FAILURES, "access_denied failed partial"),
        (states.RAN, "access_denied enrolled failed partial"),
        (states.CANCELABLE, "enrolling scheduled"),
        (states.JOINABLE, "enrolled partial"),
        (states.ACCEPTING_CHUNKS, "cancelled enrolling failed"),
        (states.FINISHABLE, "enrolling failed"),
        (states.LIVE, "enrolled in_progress"),
    ],
)
def test_what_a_status_permits_is_decided_here(statuses: frozenset[str], names: str) -> None:
    assert " ".join(sorted(statuses)) == names


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence_and_says_what_to_do_next(code: Code) -> None:
    explanation = explain(code)
    assert explanation.sentence.endswith(".")
    assert explanation.next_step.endswith(".")
    assert explanation.text == f"{explanation.sentence} {explanation.next_step}"


def test_a_code_is_an_outcome_of_its_own_or_a_failure() -> None:
    assert outcome_of(Code.ALREADY_ENROLLED) == Outcome.ALREADY_ENROLLED
    assert outcome_of(Code.ALREADY_COMPLETED) == Outcome.ALREADY_COMPLETED
    others = set(Code) - {Code.ALREADY_ENROLLED, Code.ALREADY_COMPLETED}
    assert {outcome_of(code) for code in others} == {Outcome.FAILED}
