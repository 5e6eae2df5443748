"""Two deliveries at once: the second comes, and is worked off, just before call k of the first."""

from collections.abc import Callable

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import scenarios
from tests.faults.fake_sqs import Delivery, Request, is_in_flight
from tests.faults.harness import FaultHarness, Rows
from tests.faults.invariants import problems
from tests.faults.kinds import each
from tests.gateway import Answer

_DELIVERIES: dict[str, tuple[Callable[[FaultHarness], tuple[Delivery, Rows]], list[str]]] = {
    "new chunk": (scenarios.chunk_new, scenarios.CHUNK_NEW),
    "existing chunk": (scenarios.chunk_existing, scenarios.CHUNK_EXISTING),
    "reenrolled chunk": (scenarios.chunk_reenrolled, scenarios.CHUNK_REENROLLED),
    "chunk of an unfinished row": (scenarios.chunk_row_unfinished, scenarios.CHUNK_ROW_UNFINISHED),
    "new batch": (lambda play: scenarios.new_batch(play)[:2], scenarios.RECONCILE),
    "start of a retry": (lambda play: scenarios.retried_row(play, "advance"), scenarios.RETRY_RECONCILE),
    "chunk of a retry": (lambda play: scenarios.retried_row(play, "chunk"), scenarios.RETRY_CHUNK),
    "launch to finish": (
        lambda play: scenarios.finishing_launch(play, scenarios.SAVED_BY),
        scenarios.FINISH_FROM_NOTHING,
    ),
}


@pytest.mark.parametrize(
    ("name", "at"),
    [
        pytest.param(name, *call.values, id=f"{name}: {call.id}")
        for name, (_, calls) in _DELIVERIES.items()
        for call in each(calls)
    ],
)
def test_a_message_that_is_delivered_twice_at_once_happens_once(play: FaultHarness, name: str, at: int) -> None:
    delivery, rows = _DELIVERIES[name][0](play)
    earlier = play.earlier_enrollments()
    with play.injector.meanwhile(at, lambda: play.deliver_at_once(Delivery(delivery.body))):
        play.outside.deliver(delivery)
    assert play.injector.struck
    play.outside.until_quiet()
    play.assert_true(rows)
    assert play.earlier_enrollments() == earlier


@pytest.mark.parametrize("at", each(scenarios.CHUNK_NEW))
def test_two_chunks_at_once_finish_their_row_once(play: FaultHarness, at: int) -> None:
    delivery, rows = scenarios.chunk_new(play)
    other = play.outside.take_one(job="chunk", chunk=1)
    with play.injector.meanwhile(at, lambda: play.deliver_at_once(other)):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(scenarios.CHUNK_NEW))
def test_progress_that_is_made_while_a_chunk_runs_is_kept(play: FaultHarness, at: int) -> None:
    delivery, rows = scenarios.chunk_new(play)
    (people,) = play.people.values()

    def progress() -> None:
        play.start(people[:2])
        play.complete(people[1:3])

    with play.injector.meanwhile(at, progress):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(rows)


# ------------------------------------------------------------ requests


@pytest.mark.parametrize("at", each(scenarios.LAUNCH))
def test_a_launch_that_is_asked_for_twice_at_once_happens_once(play: FaultHarness, at: int) -> None:
    _asked_twice(play, *scenarios.launching(play), at)


@pytest.mark.parametrize("at", each(scenarios.RETRY))
def test_a_retry_that_is_asked_for_twice_at_once_happens_once(play: FaultHarness, at: int) -> None:
    _asked_twice(play, *scenarios.partial_row(play), at)


@pytest.mark.parametrize("at", each(scenarios.RETRY_CLIENTS))
def test_clients_that_are_launched_again_twice_at_once_are_launched_once(play: FaultHarness, at: int) -> None:
    _, request, rows = scenarios.failed_clients(play)
    _asked_twice(play, request, rows, at)


def _asked_twice(play: FaultHarness, request: Request, rows: Rows, at: int) -> None:
    """Exactly one of the two runs; the other is refused as in flight, and gets the same answer when sent again."""
    second: list[Answer] = []
    with play.injector.meanwhile(at, lambda: second.append(play.ask(request))):
        first = play.ask(request)
    assert sorted([first.status, second[0].status]) in ([202, 202], [202, 409])
    done = first if first.status == 202 else second[0]
    for answer in (first, second[0]):
        assert answer.json == done.json or is_in_flight(answer)
    assert play.ask(request).json == done.json
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(scenarios.RETRY))
def test_of_two_admins_who_retry_a_row_at_once_one_is_told_that_it_runs(play: FaultHarness, at: int) -> None:
    request, rows = scenarios.partial_row(play)
    other = Request(request.method, request.path, play.world.msp_admin(play.msp_id), key="another")
    second: list[Answer] = []
    with play.injector.meanwhile(at, lambda: second.append(play.ask(other))):
        first = play.ask(request)
    assert sorted([first.status, second[0].status]) == [202, 409]
    refused = first if first.status == 409 else second[0]
    assert refused.json["code"] == "not_retryable"
    play.outside.until_quiet()
    play.assert_true(rows)


# ------------------------------------------------------------ different things at once


@pytest.mark.parametrize("at", each(scenarios.LAUNCH))
def test_a_sweep_that_finds_a_launch_still_at_work_does_no_harm(play: FaultHarness, at: int) -> None:
    request, rows = scenarios.launching(play)

    def meanwhile() -> None:
        play.outside.wait_for_sweep()
        play.outside.work_off()

    with play.injector.meanwhile(at, meanwhile):
        answer = play.ask(request)
    assert answer.status == 202
    assert play.ask(request).json == answer.json
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(scenarios.RECONCILE))
def test_a_time_zone_that_changes_while_a_batch_is_reconciled_moves_its_rows(play: FaultHarness, at: int) -> None:
    delivery, today, then = scenarios.new_batch(play)
    (org_id,) = play.people
    request = Request("PATCH", f"/orgs/{org_id}", play.admin, {"time_zone": "America/New_York"})

    def meanwhile() -> None:
        assert play.ask(request).status == 200
        play.deliver_at_once(play.outside.take_one(job="move_dates"))

    with play.injector.meanwhile(at, meanwhile):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(today)
    assert max(play.instants()) == "2087-01-10T14:00:00Z"
    play.outside.until(to_instant("2087-01-10T14:00:00Z"))
    play.assert_true(then)


@pytest.mark.parametrize("at", each(scenarios.MOVE_DATES))
def test_dates_that_are_moved_twice_at_once_move_once(play: FaultHarness, at: int) -> None:
    request, today, _ = scenarios.moving_client(play)
    assert play.ask(request).status == 200
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.meanwhile(at, lambda: play.deliver_at_once(Delivery(delivery.body))):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    assert play.instants() == scenarios.MOVED_INSTANTS
    play.assert_true(today)


@pytest.mark.parametrize("at", each(scenarios.RECONCILE_MANY))
def test_a_course_that_is_cancelled_while_its_batch_starts_takes_no_other_with_it(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    delivery, batch, courses = scenarios.many_rows(play, monkeypatch)
    cancel = Request("POST", f"{batch}/courses/{courses[2]}/cancel", play.admin)
    with play.injector.meanwhile(at, lambda: play.ask(cancel)):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    wrong = problems(play.world)
    assert not wrong, wrong
    statuses = [truths[0][0] for _, truths in sorted(play.rows().items())]
    assert statuses == ["enrolled", "enrolled", "cancelled", "enrolled"]
