"""What admins do to a batch after its launch, for fault tests: requests, and their results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.training.batches import cancel
from chalicelib.training.bulk_changes import undo
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness, enrolled
from tests.faults.invariants import Tables, problems
from tests.faults.kinds import KILLED_AFTER, KILLED_BEFORE, LOST, LOST_ONCE, UNREACHABLE, Fault
from tests.faults.scenarios import DUE
from tests.faults.snapshots import built_once
from tests.gateway import Answer

# For long lists of calls: an error before, an error after, and a death on either side.
ESSENTIAL: Sequence[Fault] = (UNREACHABLE, LOST, LOST_ONCE, KILLED_BEFORE, KILLED_AFTER)


@dataclass
class Batch:
    """One client's batch and its courses, in the order of their ids."""

    play: FaultHarness
    org_id: str
    batch_id: str
    courses: list[str] = field(default_factory=list)

    @property
    def people(self) -> list[str]:
        return self.play.people[self.org_id]

    @property
    def path(self) -> str:
        return f"/msp/training/{self.org_id}/{self.batch_id}"

    def request(self, action: str, course: int | None = None, key: str | None = None) -> Request:
        part = "" if course is None else f"/courses/{self.courses[course]}"
        return Request("POST", f"{self.path}{part}/{action}", self.play.admin, key=key or action)

    def dates(self, course: int = 0, **dates: str | None) -> Request:
        return Request("PATCH", f"{self.path}/courses/{self.courses[course]}", self.play.admin, dates)

    def row(self, course: int = 0) -> dict[str, Any]:
        return Tables.of(self.play.world).rows[self.org_id, self.batch_id, self.courses[course]]

    def numbers(self, course: int = 0) -> tuple[str, int, int, int]:
        """Status, targeted, enrolled by it in all, and withdrawn."""
        row = self.row(course)
        return row["status"], int(row["num_targeted"]), int(row["num_enrolled"]), int(row["num_withdrawn"])

    def undone(self) -> tuple[str, int, int, int]:
        """The answer of the undo: status, reversed, kept, not reversed."""
        answer = self.play.ask(Request("GET", f"{self.path}/undo", self.play.admin)).json
        return answer["status"], answer["reversed"], answer["kept_started"], len(answer["not_reversed"])

    def held(self) -> dict[str, int]:
        """Number of its enrollments, by status."""
        found: dict[str, int] = {}
        for (_, batch_id, _), items in Tables.of(self.play.world).enrollments.items():
            for _, item in items if batch_id == self.batch_id else ():
                found[item["status"]] = found.get(item["status"], 0) + 1
        return found

    def seats(self, course: int = 0) -> int:
        return Tables.of(self.play.world).seats.get((self.org_id, self.courses[course]), 0)

    def num_audited(self, action: str) -> int:
        """How many entries of the audit trail have this action."""
        trail = Tables.of(self.play.world).audit.values()
        return sum(entry["action"] == action for entries in trail for entry in entries)


@built_once
def batch(
    play: FaultHarness, num_people: int, days: Sequence[str | None] = (None,), seats: int = 0, due_by: str | None = DUE
) -> Batch:
    """A batch that was launched, its jobs still in the queue; a course for each of `days`."""
    courses = [play.course() for _ in days]
    org_id = play.client(num_people, courses)
    if seats:
        give_seats(play, org_id, courses, seats)
    wanted = [
        {"course_id": course, "enroll_on": day, "due_by": due_by} for course, day in zip(courses, days, strict=True)
    ]
    return Batch(play, org_id, play.launch([org_id], wanted)[org_id], courses)


@built_once
def ran(play: FaultHarness, num_people: int = 4, num_courses: int = 1) -> Batch:
    """A batch that ran to its end."""
    made = batch(play, num_people, [None] * num_courses)
    play.outside.work_off()
    for course in made.courses:
        assert play.rows()[made.org_id, course] == [enrolled(num_people)]
    return made


@built_once
def running(play: FaultHarness) -> tuple[Batch, Delivery]:
    """One of four people waits for the second chunk; three of them are in the first, which is given."""
    made = batch(play, 4)
    return made, play.outside.take_one(job="chunk", chunk=0)


def give_seats(play: FaultHarness, org_id: str, courses: Sequence[str], number: int) -> None:
    body = {
        "course_ids": list(courses), "reply_to": "training@acme.example", "seats": dict.fromkeys(courses, number)
    }  # fmt: skip
    request = Request("PUT", f"/msp/organizations/{org_id}/training-access", play.admin, body)
    assert play.ask(request).status == 200


def settle(play: FaultHarness) -> None:
    """The world goes on until nothing is left to do, and nothing contradicts anything then."""
    play.outside.until_quiet()
    wrong = problems(play.world)
    assert not wrong, "\n".join(wrong)


def broken_request(play: FaultHarness, request: Request, at: int, fault: Fault, status: int) -> Answer:
    """A fault at one call, and the caller asks again until there is an answer."""
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    if first is not None and first.status < 500:
        assert first.status == status, first.text
    answer = play.outside.ask_until_answered(request)
    assert answer.status == status, answer.text
    return answer


def broken_delivery(play: FaultHarness, delivery: Delivery, at: int, fault: Fault) -> None:
    with play.injector.fault(at, fault):
        play.outside.deliver(delivery)
    assert play.injector.struck


def while_delivering(play: FaultHarness, delivery: Delivery, at: int, do: Callable[[], object]) -> None:
    with play.injector.meanwhile(at, lambda: _done(do())):
        play.outside.deliver(delivery)
    assert play.injector.struck


def while_asking(play: FaultHarness, request: Request, at: int, do: Callable[[], object]) -> Answer:
    with play.injector.meanwhile(at, lambda: _done(do())):
        answer = play.ask(request)
    assert play.injector.struck
    return answer


def _done(_: object) -> None:
    """What was done meanwhile answers nothing that matters here."""


def few_rows_at_once(monkeypatch: Any, number: int = 1) -> None:
    for module in (cancel, undo):
        monkeypatch.setattr(module, "ROWS_AT_ONCE", number)
