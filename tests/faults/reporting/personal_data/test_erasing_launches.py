"""An erasure takes the person out of what chose them for launches and trainings, whichever call breaks."""

import json

import pytest

from chalicelib.aws import loading
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id, new_id
from chalicelib.training.batches.models import SPEC_SK, Partition, RolloutSpec, batch_pk, partition_sk, rollout_pk
from chalicelib.training.rollouts.models import Rollout, rollout_sk, rollouts_pk
from chalicelib.training.sessions.models import Enroll, enroll_sk, enrolls_pk
from tests.faults import later
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET_MANY, QUERY, TRANSACT, Fault, pairs
from tests.faults.reporting.personal_data.test_erasing import EMAIL, JOB, Leaving

# The organization's launches, what they say, the one's partitions, both without the person; enrollments, the one's.
STEPS = [QUERY, GET_MANY, QUERY, TRANSACT, TRANSACT, QUERY, TRANSACT]
# Behind uploads, trainings, earlier profiles and the filter.
_BEFORE = 8
CALLS = [*JOB[:_BEFORE], *STEPS, *JOB[_BEFORE + 2 :]]


class Chosen(Leaving):
    """By a filter, for a launch and for a training."""

    def __init__(self, play: FaultHarness) -> None:
        super().__init__(play)
        rollout_id, now = new_id(play.world.now), to_text(play.world.now)
        chosen = {"starts_with": {"email": EMAIL}, "also": [self.member]}
        header = Rollout(
            rollouts_pk(play.msp_id, self.org), rollout_sk(rollout_id), rollout_id=rollout_id, name="Spring",
            state="done", num_orgs=1, created_by=play.admin, created_at=now,
        )  # fmt: skip
        spec = RolloutSpec(
            rollout_pk(play.msp_id, rollout_id), SPEC_SK, plan={"targeting": {"mode": "filter", "filter": chosen}},
            results=[],
        )  # fmt: skip
        recipients = {"include": [], "exclude": [], "matching": {"org_id": self.org, "criteria": chosen}}
        batch_id = derived_id(rollout_id, self.org)
        partition = Partition(batch_pk(self.org, batch_id), partition_sk("all"), recipients=recipients)
        enroll = Enroll(
            enrolls_pk(self.org), enroll_sk(rollout_id), enroll_id=rollout_id, msp_id=play.msp_id, org_id=self.org,
            sessions=[], visible_from=now, filter=chosen, created_by=play.admin, created_at=now,
        )  # fmt: skip
        loading.put_all([header, spec, partition, enroll])

    def assert_gone(self) -> None:
        self.play.outside.until_quiet()
        core = self.play.world.dump("core")
        assert EMAIL not in json.dumps(core, default=str)
        kept = [json.dumps(item, default=str) for item in core if item["sk"] in (SPEC_SK, partition_sk("all"))]
        assert [self.member in one for one in kept] == [False, False]
        (enroll,) = [item for item in core if item["sk"].startswith("ENROLL#")]
        assert json.loads(enroll["filter"])["also"] == []


def test_it_takes_these_calls(play: FaultHarness) -> None:
    chosen = Chosen(play)
    delivery = chosen.delivery()
    with play.injector.watched() as calls:
        play.outside.deliver(delivery)
    assert calls == CALLS
    chosen.assert_gone()


@pytest.mark.parametrize(
    ("at", "fault"),
    [one for one in pairs(CALLS, later.ESSENTIAL) if 0 <= int(str(one.values[0])) - 1 - _BEFORE < len(STEPS)],
)
def test_a_fault_in_these_steps(play: FaultHarness, at: int, fault: Fault) -> None:
    chosen = Chosen(play)
    later.broken_delivery(play, chosen.delivery(), at, fault)
    chosen.assert_gone()
