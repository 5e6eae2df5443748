"""What became of each learner of a chunk, over all its deliveries and runs."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from chalicelib.training.batches.models import ChunkResult
from chalicelib.training.batches.states import Outcome, outcome_of


@dataclass
class ChunkOutcomes:
    """Learners enrolled, and those that were not, under the code that says why."""

    num_enrolled_before: int = 0
    ran_at: list[str] = field(default_factory=list)
    enrolled: set[str] = field(default_factory=set)
    member_ids_by_code: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of_earlier_runs(cls, result: ChunkResult | None) -> "ChunkOutcomes":
        """Who succeeded in an earlier run is done; its failed ones are tried again, and so left out here."""
        outcomes = cls()
        if result is not None:
            outcomes.ran_at = list(result.ran_at or ())
            outcomes.num_enrolled_before = int(result.num_enrolled)
            for code, member_ids in result.member_ids_by_code.items():
                if outcome_of(code) != Outcome.FAILED:
                    outcomes.add(code, *member_ids)
        return outcomes

    def add(self, code: str, *member_ids: str) -> None:
        if member_ids:
            self.member_ids_by_code[code] += member_ids

    def count_enrolled(self, member_ids: Collection[str]) -> None:
        """Count everybody whom this row has enrolled in the range, in any run, in place of the number from before.

        An earlier delivery may have enrolled learners and died before it counted them. By now they may match the
        recipients no longer, or have a newer enrollment by another batch.
        """
        self.num_enrolled_before = 0
        self.enrolled.update(member_ids)
        for ids in self.member_ids_by_code.values():
            ids[:] = [member_id for member_id in ids if member_id not in member_ids]

    def as_result(self, run: int) -> ChunkResult:
        numbers = dict.fromkeys(Outcome, 0)
        for code, member_ids in self.member_ids_by_code.items():
            numbers[outcome_of(code)] += len(member_ids)
        num_enrolled = self.num_enrolled_before + len(self.enrolled)
        return ChunkResult(
            run=run,
            num_targeted=num_enrolled + sum(numbers.values()),
            num_enrolled=num_enrolled,
            num_already=numbers[Outcome.ALREADY_ENROLLED],
            num_skipped=numbers[Outcome.ALREADY_COMPLETED],
            num_failed=numbers[Outcome.FAILED],
            member_ids_by_code=dict(self.member_ids_by_code),
            ran_at=self.ran_at or None,
        )
