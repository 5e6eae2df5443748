"""The result of a chunk, over its deliveries and runs."""

from chalicelib.training.batches.chunk_outcomes import ChunkOutcomes
from chalicelib.training.batches.models import ChunkResult
from chalicelib.training.batches.states import Code


def _numbers(result: ChunkResult) -> tuple[int, ...]:
    names = ("num_targeted", "num_enrolled", "num_already", "num_skipped", "num_failed")
    return tuple(int(getattr(result, name)) for name in names)


def _outcomes() -> ChunkOutcomes:
    outcomes = ChunkOutcomes(enrolled={"a", "b"})
    outcomes.add(Code.ALREADY_ENROLLED, "c", "d", "e")
    outcomes.add(Code.ALREADY_COMPLETED, "f", "g", "h", "i")
    outcomes.add(Code.NO_SEAT, "j")
    outcomes.add(Code.WRITE_REJECTED, "k")
    return outcomes


def test_everybody_is_targeted_and_counted_once() -> None:
    result = _outcomes().as_result(3)
    assert (result.run, _numbers(result)) == (3, (11, 2, 3, 4, 2))


def test_a_code_that_nobody_has_is_not_in_the_result() -> None:
    outcomes = ChunkOutcomes()
    outcomes.add(Code.NO_SEAT)
    assert outcomes.as_result(1).member_ids_by_code == {}


def test_codes_of_several_adds_are_kept_together() -> None:
    outcomes = ChunkOutcomes()
    outcomes.add(Code.NO_SEAT, "a")
    outcomes.add(Code.NO_SEAT, "b")
    assert outcomes.as_result(1).member_ids_by_code == {Code.NO_SEAT: ["a", "b"]}


def test_a_later_run_keeps_who_succeeded_and_tries_the_failed_again() -> None:
    later = ChunkOutcomes.of_earlier_runs(_outcomes().as_result(1))
    assert _numbers(later.as_result(2)) == (9, 2, 3, 4, 0)
    later.enrolled.update({"j", "k"})
    assert _numbers(later.as_result(2)) == (11, 4, 3, 4, 0)


def test_a_first_run_has_nothing_from_before() -> None:
    assert _numbers(ChunkOutcomes.of_earlier_runs(None).as_result(1)) == (0, 0, 0, 0, 0)


def test_who_was_found_enrolled_counts_in_place_of_the_number_from_before_and_under_no_code() -> None:
    later = ChunkOutcomes.of_earlier_runs(_outcomes().as_result(1))
    later.count_enrolled({"a", "b", "c"})
    result = later.as_result(2)
    assert _numbers(result) == (9, 3, 2, 4, 0)
    assert result.member_ids_by_code[Code.ALREADY_ENROLLED] == ["d", "e"]


def test_when_each_run_was_is_kept_from_run_to_run() -> None:
    first = ChunkOutcomes(ran_at=["2027-01-04T10:00:00Z"]).as_result(1)
    assert first.ran_at == ["2027-01-04T10:00:00Z"]
    assert ChunkOutcomes.of_earlier_runs(first).as_result(2).ran_at == ["2027-01-04T10:00:00Z"]
    assert ChunkOutcomes().as_result(1).ran_at is None
