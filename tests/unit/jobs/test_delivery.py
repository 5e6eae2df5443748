"""A batch of jobs in the time that is left: what is not begun is given back, and what failed comes again soon."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.aws.queues import Queue
from chalicelib.core.errors import Unavailable
from chalicelib.jobs.delivery import LEAST_TIME_MS, run_each


class FakeQueue(Queue):
    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__("url")
        self.seconds_by_receipt: dict[str, int] = {}
        self._is_down = is_down

    def show_again(self, seconds_by_receipt: Mapping[str, int]) -> None:
        if self._is_down:
            raise Unavailable()
        self.seconds_by_receipt.update(seconds_by_receipt)


class Invocation:
    """Each job takes `took` milliseconds of `has`."""

    def __init__(self, took: int, has: int = 120_000) -> None:
        self.ran: list[str] = []
        self._took, self._left = took, has

    def handle(self, body: dict[str, Any]) -> None:
        self.ran.append(body["job"])
        self._left -= self._took
        if body["job"].startswith("bad"):
            raise Unavailable()

    def time_left(self) -> int:
        return self._left


def _event(*jobs: str | tuple[str, int]) -> dict[str, Any]:
    """Jobs, with how often each was received if that is not once."""
    given = [job if isinstance(job, tuple) else (job, 1) for job in jobs]
    return {
        "Records": [
            {
                "messageId": name,
                "receiptHandle": f"receipt of {name}",
                "body": json.dumps({"job": name}),
                "attributes": {"ApproximateReceiveCount": str(count)},
            }
            for name, count in given
        ]
    }


def _failed(answer: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_five_exports_of_40_seconds_do_not_pass_the_time_out_together() -> None:
    work, queue = Invocation(took=40_000), FakeQueue()
    answer = run_each(_event(*"abcde"), work.handle, time_left=work.time_left, queue=queue)
    assert work.ran == ["a", "b"]
    assert work.time_left() >= 0
    assert _failed(answer) == ["c", "d", "e"]
    # Another invocation takes them now, not when their visibility ends after twelve minutes.
    assert set(queue.seconds_by_receipt.values()) == {1}


def test_short_jobs_are_all_run() -> None:
    work, queue = Invocation(took=2_000), FakeQueue()
    assert run_each(_event(*"abcde"), work.handle, time_left=work.time_left, queue=queue) == {"batchItemFailures": []}
    assert work.ran == list("abcde")
    assert queue.seconds_by_receipt == {}


def test_the_first_job_is_run_however_little_time_is_left() -> None:
    """Else a batch that came late would be given back for ever."""
    work = Invocation(took=1, has=LEAST_TIME_MS - 1)
    assert _failed(run_each(_event("a", "b"), work.handle, time_left=work.time_left)) == ["b"]
    assert work.ran == ["a"]


def test_what_was_given_back_before_is_run_first() -> None:
    work = Invocation(took=70_000)
    assert _failed(run_each(_event("new", ("old", 3)), work.handle, time_left=work.time_left)) == ["new"]
    assert work.ran == ["old"]


def test_a_job_that_failed_comes_again_after_half_a_minute_and_later_each_time() -> None:
    seconds = []
    for count in (1, 2, 3, 4, 5):
        queue = FakeQueue()
        answer = run_each(_event(("bad", count), "good"), Invocation(took=1).handle, queue=queue)
        assert _failed(answer) == ["bad"]
        seconds += queue.seconds_by_receipt.values()
    assert seconds[0] == 30
    assert seconds == sorted(seconds)
    # The fifth try comes after an hour of trouble.
    assert sum(seconds[:4]) > 3600


def test_a_job_that_cannot_be_shown_again_soon_has_failed_all_the_same() -> None:
    answer = run_each(_event("bad"), Invocation(took=1).handle, queue=FakeQueue(is_down=True))
    assert _failed(answer) == ["bad"]


def test_a_record_without_a_receipt_and_a_message_that_is_no_json_fail_alone() -> None:
    by_hand = {"messageId": "x", "body": "no JSON"}
    event = {"Records": [by_hand, *_event("good")["Records"]]}
    work, queue = Invocation(took=1), FakeQueue()
    assert _failed(run_each(event, work.handle, queue=queue)) == ["x"]
    assert work.ran == ["good"]
    assert queue.seconds_by_receipt == {}
