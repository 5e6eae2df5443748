"""One bad learner in ten thousand, one bad client in twenty-five: everybody else is served, and Retry does the rest."""

import pytest

from chalicelib.aws import bulk, queues
from chalicelib.training.batches.recipients import CHUNK_SIZE
from tests.faults import scenarios
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness, Rows, enrolled


@pytest.fixture(autouse=True)
def real_sizes(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PER_CALL", 25)
    monkeypatch.setattr(queues, "_PER_CALL", 10)


def test_of_ten_thousand_learners_one_bad_one_fails_alone(play: FaultHarness) -> None:
    play.chunks_of(CHUNK_SIZE)
    course = play.course()
    org_id = play.client(0, [course])
    bad = play.large_roster(org_id, 10_000)[4321]
    batch_id = play.launch([org_id], [{"course_id": course, "due_by": scenarios.DUE}])[org_id]
    with play.injector.fault(0, scenarios.bad([bad])):
        play.outside.work_off()

    page = f"/msp/training/{org_id}/{batch_id}"
    (row,) = play.world.get(page, play.admin).json["courses"]
    assert (row["num_targeted"], row["num_enrolled"], row["num_failed"]) == (10_000, 9_999, 1)
    assert (row["status"], row["code"], row["can_retry"]) == ("partial", "some_failed", True)
    (failed,) = play.world.every(f"{page}/courses/{course}/learners?outcome=failed", play.admin)
    assert (failed["member_id"], failed["code"]) == (bad, "write_rejected")
    assert failed["sentence"].endswith(".")
    assert failed["next_step"].endswith(".")

    play.retry_everything()
    play.outside.until_quiet()
    play.assert_true({(org_id, course): [enrolled(10_000)]})


def test_of_twenty_five_clients_one_bad_one_fails_alone(play: FaultHarness) -> None:
    course = play.course()
    org_ids = [play.client(1 if number < 3 else 0, [course]) for number in range(25)]
    bad = org_ids[13]
    rows: Rows = {(org_id, course): [enrolled(len(play.people[org_id]))] for org_id in org_ids}
    with play.injector.fault(0, scenarios.bad([bad])):
        answer = play.ask(play.launching(org_ids, [{"course_id": course}]))
    results = {result["org_id"]: result for result in answer.json["results"]}
    assert [org_id for org_id, result in results.items() if not result["ok"]] == [bad]
    assert results[bad]["error"]["code"] == "write_failed"
    assert "Retry this client" in results[bad]["error"]["detail"]
    play.outside.until_quiet()
    play.assert_true({key: truth for key, truth in rows.items() if key[0] != bad})

    path = f"/msp/rollouts/{answer.json['rollout_id']}/retry"
    assert play.ask(Request("POST", path, play.admin, {"org_ids": [bad]}, "retry")).status == 202
    play.outside.until_quiet()
    play.assert_true(rows)
