"""The number of AWS calls of each operation. One call more must be a decision."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from chalicelib.training.batches import reconcile
from chalicelib.training.batches.enroll_chunk import enroll_chunk
from chalicelib.training.batches.messages import EnrollChunk, ReconcileBatch
from tests.bench.meter import Meter, Tally, metered
from tests.harness import World

NUM_CLIENTS = 25


@pytest.fixture
def meter(world: World) -> Iterator[Meter]:
    with metered(Meter()) as made:
        yield made


class Rollouts:
    """An MSP with an admin, who launches; and the jobs that follow, one by one."""

    def __init__(self, world: World, meter: Meter, num_courses: int) -> None:
        self.world = world
        self.meter = meter
        self.msp_id = world.msp()
        self.admin = world.msp_admin(self.msp_id)
        self.courses = [world.course(self.msp_id) for _ in range(num_courses)]

    def client(self, num_learners: int) -> str:
        org_id = self.world.org(self.msp_id, courses=self.courses)
        self.world.members(org_id, num_learners)
        return org_id

    def launch(self, org_ids: Sequence[str]) -> Tally:
        """What the request alone took."""
        body = {"name": "Basics", "org_ids": org_ids, "courses": [{"course_id": course} for course in self.courses]}
        self.meter.take()
        answer = self.world.post("/msp/training/enrollment", self.admin, body, headers={"Idempotency-Key": "key"})
        taken = self.meter.take()
        assert answer.status == 202, answer.text
        assert all(result["ok"] for result in answer.json["results"])
        return taken

    def chunk(self) -> EnrollChunk:
        """The one chunk of the one client that was launched."""
        (message,) = self.world.messages()
        reconcile.reconcile(ReconcileBatch.model_validate(message), self.world.now)
        (message,) = self.world.messages()
        return EnrollChunk.model_validate(message)

    def run(self, chunk: EnrollChunk) -> Counter[str]:
        """The calls that it took."""
        self.meter.take()
        enroll_chunk(chunk, self.world.now)
        return self.meter.take().calls


@pytest.mark.parametrize("num_courses", [1, 50])
@pytest.mark.parametrize("num_learners", [1, 120])
def test_launch_takes_the_same_calls_whatever_its_size(
    world: World, meter: Meter, num_courses: int, num_learners: int
) -> None:
    rollouts = Rollouts(world, meter, num_courses)
    small = [rollouts.client(1) for _ in range(NUM_CLIENTS - 1)]

    tally = rollouts.launch([*small, rollouts.client(num_learners)])

    assert tally.calls == {
        # Who is asking; was this asked before; clients and courses.
        "dynamodb.Query": 1,
        "dynamodb.GetItem": 1,
        "dynamodb.BatchGetItem": 1,
        # The rollout with its claim, the batches, the result with its answer.
        "dynamodb.TransactWriteItems": 2,
        "dynamodb.BatchExecuteStatement": 1,
        # One job for each client, ten in a call.
        "sqs.SendMessageBatch": 3,
    }
    assert tally.num_reading <= 4
    assert tally.num_writing_or_sending <= 6


@pytest.mark.parametrize(("num_learners", "num_inserts"), [(1, 1), (25, 1), (26, 2), (60, 3)])
def test_chunk_takes_one_insert_call_for_25_learners_and_seven_others(
    world: World, meter: Meter, num_learners: int, num_inserts: int
) -> None:
    rollouts = Rollouts(world, meter, num_courses=1)
    rollouts.launch([rollouts.client(num_learners)])

    calls = rollouts.run(rollouts.chunk())

    assert len(world.dump("enrollments")) == num_learners
    assert calls == {
        # Row, partition, result and start; then the roster and the mark of the start; at the end the row again.
        "dynamodb.BatchGetItem": 1,
        "dynamodb.Query": 1,
        "dynamodb.PutItem": 1,
        "dynamodb.GetItem": 1,
        "dynamodb.BatchExecuteStatement": num_inserts,
        # Its seats, its result, and, as this chunk is the last, the row's.
        "dynamodb.TransactWriteItems": 3,
    }


def test_finished_chunk_that_comes_again_takes_one_read_and_no_write(world: World, meter: Meter) -> None:
    rollouts = Rollouts(world, meter, num_courses=1)
    rollouts.launch([rollouts.client(30)])
    chunk = rollouts.chunk()
    rollouts.run(chunk)

    assert rollouts.run(chunk) == {"dynamodb.BatchGetItem": 1}


def test_insert_calls_that_were_lost_are_read_back_a_hundred_learners_a_call(world: World, meter: Meter) -> None:
    rollouts = Rollouts(world, meter, num_courses=1)
    rollouts.launch([rollouts.client(110)])
    chunk = rollouts.chunk()
    rollouts.run(chunk)
    _forget_result(world, chunk)

    calls = rollouts.run(chunk)

    assert len(world.dump("enrollments")) == 110
    # Row, partition and result with one call; 110 enrollments that turned out to be its own with two.
    assert calls["dynamodb.BatchGetItem"] == 3
    assert calls["dynamodb.BatchExecuteStatement"] == 5


def _forget_result(world: World, chunk: EnrollChunk) -> None:
    """As after a crash between the inserts and the transaction that counts them."""
    table = world.stage.table_names["core"]
    pk = {"S": f"ORG#{chunk.org_id}#BATCH#{chunk.batch_id}"}
    dynamodb = world.client("dynamodb")
    dynamodb.delete_item(TableName=table, Key={"pk": pk, "sk": {"S": f"CHUNK#{chunk.course_id}#000000"}})
    dynamodb.update_item(
        TableName=table,
        Key={"pk": pk, "sk": {"S": f"COURSE#{chunk.course_id}"}},
        UpdateExpression="SET #status = :enrolling, chunks_left = :one, num_enrolled = :none",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":enrolling": {"S": "enrolling"}, ":one": {"N": "1"}, ":none": {"N": "0"}},
    )
    dynamodb.update_item(
        TableName=table,
        Key={"pk": pk, "sk": {"S": f"RESERVED#{chunk.course_id}#000000#1"}},
        UpdateExpression="SET #number = :all",
        ExpressionAttributeNames={"#number": "number"},
        ExpressionAttributeValues={":all": {"N": "110"}},
    )
