"""A learner starts and completes a course, and an admin enters a result or another due date: each counted once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness, Rows, enrolled
from tests.faults.invariants import Tables
from tests.faults.kinds import GET, QUERY, TRANSACT, Fault, pairs
from tests.faults.snapshots import built_once

# Who asks, the course, the enrollment and its organization; the change; the enrollment as it then is.
_OWN = [QUERY, GET, GET, GET, TRANSACT, GET, GET]
# Who asks, the member's departments, the course, enrollment and organization; the change and the trail; read again.
_ADMIN = [GET, QUERY, GET, GET, GET, GET, QUERY, TRANSACT, GET, GET]
# The row as well, which says whether there are reminders.
_DUE_DATE = [*_ADMIN[:6], GET, *_ADMIN[6:]]
# The member as well, whose name it bears.
_CERTIFIED = [*_OWN[:4], GET, *_OWN[4:]]
_RESULT_CERTIFIED = [*_ADMIN[:6], GET, *_ADMIN[6:]]
_NEW_DATE = ({"status": "enrolled", "due_by": "2087-03-01"}, {"due_by": "2087-03-01"})


@dataclass(frozen=True)
class Step:
    """One thing that is done, the calls it makes, and what the enrollment then says."""

    calls: list[str]
    says: dict[str, Any]
    # None for what the learner does.
    change: dict[str, Any] | None = None
    after_start: bool = False
    num_reminders: int = 0
    certificate: bool = False


_STEPS = {
    "start": Step(_OWN, {"status": "in_progress", "score": None, "due_by": "2087-02-01"}),
    "complete": Step(_OWN, {"status": "completed", "score": None, "due_by": "2087-02-01"}),
    "complete once started": Step(_OWN, {"status": "completed"}, after_start=True),
    "complete with a certificate": Step(_CERTIFIED, {"status": "completed"}, certificate=True),
    "result with a certificate": Step(
        _RESULT_CERTIFIED, {"status": "completed"}, {"result": {"score": 90}}, certificate=True
    ),
    "result": Step(_ADMIN, {"status": "completed", "score": 90}, {"result": {"score": 90, "completed_at": None}}),
    "result of today": Step(
        _ADMIN, {"status": "completed", "score": 90}, {"result": {"score": 90, "completed_at": "2087-01-06"}}
    ),
    "due date": Step(_DUE_DATE, *_NEW_DATE),
    "due date with reminders": Step(_DUE_DATE, *_NEW_DATE, num_reminders=3),
}


@built_once
def _step(play: FaultHarness, name: str) -> tuple[Request, Rows]:
    """The request, and the row that stays as it is but for its learners' progress."""
    step = _STEPS[name]
    course = play.course(certificate=step.certificate)
    org_id = play.client(0, [course])
    account_id, member_id = play.world.learner(org_id)
    notifications = {"enrollment": False, "reminders": bool(step.num_reminders)}
    play.launch([org_id], [{"course_id": course, "due_by": "2087-02-01"}], notifications=notifications)
    play.outside.work_off()
    enrollment_id = f"{org_id}.{member_id}.{course}"
    if step.after_start:
        assert play.ask(Request("POST", f"/me/courses/{enrollment_id}/start", account_id)).status == 200
    if step.change is None:
        request = Request("POST", f"/me/courses/{enrollment_id}/{name.split()[0]}", account_id)
    else:
        path = f"/orgs/{org_id}/members/{member_id}/enrollments/{enrollment_id}"
        request = Request("PATCH", path, play.admin, step.change)
    return request, {(org_id, course): [enrolled(1)]}


def _assert_said(play: FaultHarness, name: str, answer: dict[str, Any]) -> None:
    said = answer.get("enrollment", answer)
    assert {field: said[field] for field in _STEPS[name].says} == _STEPS[name].says


def _assert_audited_once(play: FaultHarness, name: str) -> None:
    planned = [due for due in Tables.of(play.world).dues if "2087-03-01" in due["sk"].split("#")[2]]
    assert len(planned) == _STEPS[name].num_reminders
    _assert_certified_once(play, name)
    entries = [entry for entries in Tables.of(play.world).audit.values() for entry in entries]
    num_entries = sum(entry["action"] == "enrollment.changed" for entry in entries)
    assert num_entries == (_STEPS[name].change is not None)


def _assert_certified_once(play: FaultHarness, name: str) -> None:
    """A certificate, its number and its place in the organization's list: each once or not at all."""
    kinds = ("CERTIFICATE#",)
    stored = [item for short in ("core", "enrollments") for item in play.world.dump(short)]
    found = [item for item in stored if item["sk"].startswith(kinds) or item["pk"].startswith(kinds)]
    assert len(found) == (3 if _STEPS[name].certificate else 0)


@pytest.mark.parametrize("name", _STEPS)
def test_progress_makes_these_calls(play: FaultHarness, name: str) -> None:
    request, rows = _step(play, name)
    with play.injector.watched() as calls:
        answer = play.ask(request)
    assert calls == _STEPS[name].calls
    _assert_said(play, name, answer.json)
    play.assert_true(rows)


@pytest.mark.parametrize("name", _STEPS)
def test_progress_that_is_reported_twice_counts_once(play: FaultHarness, name: str) -> None:
    request, rows = _step(play, name)
    first = play.ask(request)
    play.world.now += timedelta(minutes=1)
    assert play.ask(request).json == first.json
    _assert_audited_once(play, name)
    play.assert_true(rows)


@pytest.mark.parametrize(
    ("name", "at", "fault"),
    [
        pytest.param(name, *pair.values, id=f"{name}: {pair.id}")
        for name, step in _STEPS.items()
        for pair in pairs(step.calls)
    ],
)
def test_progress_comes_out_right_whichever_call_breaks(play: FaultHarness, name: str, at: int, fault: Fault) -> None:
    request, rows = _step(play, name)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 200, answer.text
    _assert_said(play, name, answer.json)
    _assert_audited_once(play, name)
    play.assert_true(rows)
