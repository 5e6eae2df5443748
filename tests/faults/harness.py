"""One MSP with an admin: its clients, launches, requests, and the numbers of its rows in the end."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws import loading
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from chalicelib.training.batches import recipients
from chalicelib.training.batches.models import Enrollment, enrollment_sk, learner_pk
from chalicelib.training.batches.states import RETRYABLE
from chalicelib.training.progress import progress
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from tests.faults.fake_sqs import Delivery, FakeSqs, Request
from tests.faults.injector import Injector
from tests.faults.invariants import Tables, problems
from tests.gateway import Answer
from tests.harness import World

# Far enough away that the local cloud, which has a clock of its own, fires no schedule by itself.
NOW = datetime(2087, 1, 6, 10, 0, tzinfo=UTC)

# status, targeted, enrolled, already enrolled, skipped, failed
RowNumbers = tuple[str, int, int, int, int, int]

# By client and course; the rows of several batches in the order of these.
Rows = dict[tuple[str, str], list[RowNumbers]]


def enrolled(num_people: int) -> RowNumbers:
    """A row for which all went well."""
    return ("enrolled", num_people, num_people, 0, 0, 0)


class FaultHarness:
    def __init__(self, world: World, injector: Injector) -> None:
        world.now = NOW
        self.chunks_of(3)
        self.world = world
        self.injector = injector
        self.outside = FakeSqs(world)
        # The MSP and its admin, made when they are first needed.
        self.tenant: tuple[str, str] | None = None
        self._untouched: tuple[int, datetime] | None = (world._num_made, world.now)
        # Clients by their ids, and the ids of their people.
        self.people: dict[str, list[str]] = {}

    @property
    def msp_id(self) -> str:
        return self._tenant[0]

    @property
    def admin(self) -> str:
        return self._tenant[1]

    @property
    def _tenant(self) -> tuple[str, str]:
        if self.tenant is None:
            with self.injector.paused():
                msp_id = self.world.msp()
                self.tenant = (msp_id, self.world.msp_admin(msp_id))
        return self.tenant

    def is_fresh(self) -> bool:
        """Nothing has happened here yet."""
        return self._untouched == (self.world._num_made, self.world.now)

    def begin(self) -> None:
        """From here on something has happened."""
        self._untouched = None

    def chunks_of(self, size: int) -> None:
        """Sets how many people make a chunk from now on."""
        recipients.partition_of.__defaults__ = (size,)

    def client(self, num_people: int, courses: Sequence[str], **fields: Any) -> str:
        org_id = self.world.org(self.msp_id, f"Client {len(self.people) + 1}", courses=courses, **fields)
        self.people[org_id] = sorted(self.world.members(org_id, num_people))
        return org_id

    def large_roster(self, org_id: str, size: int) -> list[str]:
        """So many entries of the roster of learners, without members: a batch reads no more."""
        member_ids = sorted(new_id(self.world.now) for _ in range(size))
        entries = [RosterEntry(learners_pk(org_id), member_sk(member_id), status="active") for member_id in member_ids]
        loading.put_all(entries)
        return member_ids

    def limit_seats(self, org_id: str, seats: dict[str, int]) -> None:
        access = {"course_ids": list(seats), "reply_to": "training@acme.example", "seats": seats}
        path = f"/msp/organizations/{org_id}/training-access"
        assert self.ask(Request("PUT", path, self.admin, access)).status == 200

    def course(self, **fields: Any) -> str:
        """Ids made in different milliseconds sort: rows are in the order in which courses were made."""
        self.world.now += timedelta(milliseconds=1)
        return self.world.course(self.msp_id, **fields)

    def enrolled_before(self, org_id: str, course_id: str, person: int, status: str) -> str:
        """An enrollment that no batch made, for one of the client's people (by number); gives the member's id."""
        member_id, at = self.people[org_id][person], to_text(self.world.now)
        progress = {"started_at": at, "completed_at": at if status == "completed" else None}
        key = (learner_pk(org_id, member_id), enrollment_sk(course_id))
        loading.put_all([Enrollment(*key, status=status, enrolled_at=at, **progress)])
        return member_id

    # ------------------------------------------------------------ requests

    def launching(self, org_ids: Sequence[str], courses: Sequence[dict[str, Any]], **more: Any) -> Request:
        body = {"name": "Spring", "org_ids": list(org_ids), "courses": list(courses), **more}
        return Request("POST", "/msp/training/enrollment", self.admin, body, "launch")

    def launch(
        self, org_ids: Sequence[str], courses: Sequence[dict[str, Any]], key: str = "launch", **more: Any
    ) -> dict[str, str]:
        """Launch, and leave the jobs in the queue. Batch ids by client."""
        answer = self.outside.ask(replace(self.launching(org_ids, courses, **more), key=key))
        assert answer is not None
        assert answer.status == 202, answer.text
        return {result["org_id"]: result["batch_id"] for result in answer.json["results"]}

    def ask(self, request: Request) -> Answer:
        """A request without a fault."""
        answer = self.outside.ask(request)
        assert answer is not None
        return answer

    def deliver_at_once(self, delivery: Delivery) -> None:
        """A delivery without a fault, and then all the messages that it sends."""
        assert self.outside.deliver(delivery)
        self.outside.work_off()

    def start(self, member_ids: Iterable[str]) -> None:
        """These people start every course that they are enrolled in."""
        for enrollment_id in self._held_by(member_ids):
            progress.start(self.msp_id, enrollment_id, self.world.now)

    def complete(self, member_ids: Iterable[str]) -> None:
        for enrollment_id in self._held_by(member_ids):
            progress.complete(self.msp_id, enrollment_id, self.world.now)

    def _held_by(self, member_ids: Iterable[str]) -> list[EnrollmentId]:
        learners = set(member_ids)
        keys = [(*item["pk"].split("#")[1::2], item["sk"]) for item in self.world.dump("enrollments")]
        return [EnrollmentId(org_id, member_id, sk) for org_id, member_id, sk in keys if member_id in learners]

    def retry_everything(self) -> None:
        """Press Retry wherever it is possible: on rows, and for clients that failed at launch."""
        tables = Tables.of(self.world)
        for (org_id, batch_id, course_id), row in tables.rows.items():
            if row["status"] in RETRYABLE:
                path = f"/msp/training/{org_id}/{batch_id}/courses/{course_id}/retry"
                assert self.ask(Request("POST", path, self.admin)).status == 202
        for rollout_id, spec in tables.specs.items():
            failed = [result["org_id"] for result in json.loads(spec["results"]) if result["ok"] is False]
            if failed:
                path = f"/msp/rollouts/{rollout_id}/retry"
                assert self.ask(Request("POST", path, self.admin, {"org_ids": failed})).status == 202

    # ------------------------------------------------------------ results

    def rows(self, tables: Tables | None = None) -> Rows:
        found: Rows = {}
        for (org_id, _, course_id), row in sorted((tables or Tables.of(self.world)).rows.items()):
            numbers = [int(row[f"num_{name}"]) for name in ("targeted", "enrolled", "already", "skipped", "failed")]
            found.setdefault((org_id, course_id), []).append((row["status"], *numbers))  # type: ignore[arg-type]
        return found

    def instants(self) -> list[str]:
        """The instants at which rows are enrolled, the earliest first."""
        return sorted(row["enroll_at"] for row in Tables.of(self.world).rows.values())

    def earlier_enrollments(self) -> list[dict[str, Any]]:
        """Enrollments that no batch made, whole, current ones and history."""
        found = [item for item in self.world.dump("enrollments") if "batch_id" not in item]
        return [{**item, "sk": item["sk"].partition("#HISTORY#")[0]} for item in found]

    def assert_true(self, rows: Rows) -> None:
        """The rows are exactly these, and no invariant is broken."""
        wrong = problems(self.world)
        assert not wrong, "\n".join(wrong)
        found = self.rows()
        assert found == rows, f"{found} should be {rows}"
