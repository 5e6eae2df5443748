"""Two deliveries at once: the second comes, and is worked off, just before call k of the first."""

from collections.abc import Callable

import pytest

from chalicelib.core.clock import to_instant
from tests.faults import scenarios as scenes
from tests.faults.fake_sqs import Delivery, Request, is_in_flight
from tests.faults.harness import FaultHarness, Rows
from tests.faults.invariants import problems
from tests.faults.kinds import each
from tests.gateway import Answer

_DELIVERIES: dict[str, tuple[Callable[[FaultHarness], tuple[Delivery, Rows]], list[str]]] = {
    "new chunk": (scenes.chunk_new, scenes.CHUNK_NEW),
    "met chunk": (scenes.chunk_met, scenes.CHUNK_MET),
    "reenrolled chunk": (scenes.chunk_reenrolled, scenes.CHUNK_REENROLLED),
    "folded chunk": (scenes.chunk_folded, scenes.CHUNK_FOLDED),
    "fresh batch": (lambda play: scenes.fresh_batch(play)[:2], scenes.ADVANCE),
    "start of a retry": (lambda play: scenes.retried_row(play, "advance"), scenes.RETRY_ADVANCE),
    "chunk of a retry": (lambda play: scenes.retried_row(play, "chunk"), scenes.RETRY_CHUNK),
    "launch to finish": (lambda play: scenes.finishing_launch(play, scenes.SAVED_BY), scenes.FINISH_FROM_NOTHING),
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


@pytest.mark.parametrize("at", each(scenes.CHUNK_NEW))
def test_two_chunks_at_once_fold_their_row_once(play: FaultHarness, at: int) -> None:
    delivery, rows = scenes.chunk_new(play)
    other = play.outside.take_one(job="chunk", chunk=1)
    with play.injector.meanwhile(at, lambda: play.deliver_at_once(other)):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(scenes.CHUNK_NEW))
def test_progress_that_is_made_while_a_chunk_runs_is_kept(play: FaultHarness, at: int) -> None:
    delivery, rows = scenes.chunk_new(play)
    (people,) = play.people.values()

    def progress() -> None:
        play.start(people[:2])
        play.complete(people[1:3])

    with play.injector.meanwhile(at, progress):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    play.assert_true(rows)


# ------------------------------------------------------------ requests


@pytest.mark.parametrize("at", each(scenes.LAUNCH))
def test_a_launch_that_is_asked_for_twice_at_once_happens_once(play: FaultHarness, at: int) -> None:
    _asked_twice(play, *scenes.launching(play), at)


@pytest.mark.parametrize("at", each(scenes.RETRY))
def test_a_retry_that_is_asked_for_twice_at_once_happens_once(play: FaultHarness, at: int) -> None:
    _asked_twice(play, *scenes.partial_row(play), at)


@pytest.mark.parametrize("at", each(scenes.RETRY_CLIENTS))
def test_clients_that_are_launched_again_twice_at_once_are_launched_once(play: FaultHarness, at: int) -> None:
    _, request, rows = scenes.failed_clients(play)
    _asked_twice(play, request, rows, at)


def _asked_twice(play: FaultHarness, request: Request, rows: Rows, at: int) -> None:
    """Exactly one of the two is carried out; the other is told to ask again, and then answered the same."""
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


@pytest.mark.parametrize("at", each(scenes.RETRY))
def test_of_two_admins_who_retry_a_row_at_once_one_is_told_that_it_runs(play: FaultHarness, at: int) -> None:
    request, rows = scenes.partial_row(play)
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


@pytest.mark.parametrize("at", each(scenes.LAUNCH))
def test_a_sweep_that_finds_a_launch_still_at_work_does_no_harm(play: FaultHarness, at: int) -> None:
    request, rows = scenes.launching(play)

    def meanwhile() -> None:
        play.outside.wait_for_sweep()
        play.outside.work_off()

    with play.injector.meanwhile(at, meanwhile):
        answer = play.ask(request)
    assert answer.status == 202
    assert play.ask(request).json == answer.json
    play.outside.until_quiet()
    play.assert_true(rows)


@pytest.mark.parametrize("at", each(scenes.ADVANCE))
def test_a_time_zone_that_changes_while_a_batch_is_advanced_moves_its_rows(play: FaultHarness, at: int) -> None:
    delivery, today, then = scenes.fresh_batch(play)
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


@pytest.mark.parametrize("at", each(scenes.MOVE_DATES))
def test_dates_that_are_moved_twice_at_once_move_once(play: FaultHarness, at: int) -> None:
    request, today, _ = scenes.moving_client(play)
    assert play.ask(request).status == 200
    delivery = play.outside.take_one(job="move_dates")
    with play.injector.meanwhile(at, lambda: play.deliver_at_once(Delivery(delivery.body))):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    assert play.instants() == scenes.MOVED_INSTANTS
    play.assert_true(today)


@pytest.mark.parametrize("at", each(scenes.ADVANCE_MANY))
def test_a_course_that_is_cancelled_while_its_batch_starts_takes_no_other_with_it(
    play: FaultHarness, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    delivery, batch, courses = scenes.many_rows(play, monkeypatch)
    cancel = Request("POST", f"{batch}/courses/{courses[2]}/cancel", play.admin)
    with play.injector.meanwhile(at, lambda: play.ask(cancel)):
        play.outside.deliver(delivery)
    play.outside.until_quiet()
    wrong = problems(play.world)
    assert not wrong, wrong
    statuses = [truths[0][0] for _, truths in sorted(play.rows().items())]
    assert statuses == ["enrolled", "enrolled", "cancelled", "enrolled"]
