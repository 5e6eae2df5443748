"""An admin cancels the enrollment of one member: broken at every call, and while others change it too."""

from collections.abc import Callable

import pytest

from chalicelib.training.progress import progress
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, QUERY, TRANSACT, Fault, each, pairs
from tests.faults.later import Batch
from tests.faults.snapshots import built_once

# The member's department, the roles, the client's MSP; the enrollment and its organization; the change and the trail.
CALLS = [GET, QUERY, GET, GET, GET, QUERY, TRANSACT]


@built_once
def _cancelling(play: FaultHarness) -> tuple[Request, Batch, str]:
    made = later.ran(play, 3)
    member_id = made.people[1]
    return _request(play, made, member_id), made, member_id


def _request(play: FaultHarness, made: Batch, member_id: str) -> Request:
    path = f"/orgs/{made.org_id}/members/{member_id}/enrollments/{made.org_id}.{member_id}.{made.courses[0]}"
    return Request("DELETE", path, play.admin)


def test_cancelling_makes_these_calls(play: FaultHarness) -> None:
    request, _, _ = _cancelling(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 204
    assert calls == CALLS


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_an_enrollment_is_cancelled_once_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, made, _ = _cancelling(play)
    later.broken_request(play, request, at, fault, 204)
    later.settle(play)
    assert (made.held(), made.numbers()) == ({"cancelled": 1, "enrolled": 2}, ("enrolled", 3, 3, 1))
    assert (made.seats(), made.num_audited("enrollment.cancelled")) == (2, 1)


def _starts(play: FaultHarness, made: Batch, member_id: str) -> None:
    progress.start(play.msp_id, EnrollmentId(made.org_id, member_id, f"COURSE#{made.courses[0]}"), play.world.now)


def _undoes(play: FaultHarness, made: Batch, member_id: str) -> None:
    assert play.ask(made.request("undo")).status == 202
    play.outside.work_off()


def _archives(play: FaultHarness, made: Batch, member_id: str) -> None:
    assert play.ask(Request("POST", f"/orgs/{made.org_id}/members/{member_id}/archive", play.admin)).status == 200
    play.outside.work_off()


def _cancels_too(play: FaultHarness, made: Batch, member_id: str) -> None:
    assert play.ask(_request(play, made, member_id)).status == 204


@pytest.mark.parametrize("at", each(CALLS))
@pytest.mark.parametrize("do", [_starts, _undoes, _archives, _cancels_too])
def test_whatever_happens_meanwhile_it_is_counted_once(
    play: FaultHarness, at: int, do: Callable[[FaultHarness, Batch, str], None]
) -> None:
    request, made, member_id = _cancelling(play)
    answer = later.while_asking(play, request, at, lambda: do(play, made, member_id))
    assert answer.status in (204, 404), answer.text
    later.settle(play)
    assert made.held().get("in_progress", 0) == 0
