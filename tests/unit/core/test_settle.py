"""A step is repeated only after a failed condition."""

import pytest

from chalicelib.core.errors import ConditionFailed, NotFound, Unavailable
from chalicelib.core.settle import until_settled


def test_a_step_that_meets_a_change_is_run_again_and_its_answer_counts() -> None:
    outcomes = iter([ConditionFailed(), ConditionFailed(), "done"])

    def step() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert until_settled(step, tries=3) == "done"


def test_it_gives_up_after_the_last_try() -> None:
    tries = []

    def step() -> None:
        tries.append(1)
        raise ConditionFailed()

    with pytest.raises(Unavailable):
        until_settled(step, tries=4)
    assert len(tries) == 4


def test_what_else_goes_wrong_goes_through_at_once() -> None:
    tries = []

    def step() -> None:
        tries.append(1)
        raise NotFound()

    with pytest.raises(NotFound):
        until_settled(step)
    assert len(tries) == 1


def test_it_gives_up_after_five_tries_unless_told_otherwise() -> None:
    tries = []

    def step() -> None:
        tries.append(1)
        raise ConditionFailed()

    with pytest.raises(Unavailable):
        until_settled(step)
    assert len(tries) == 5
