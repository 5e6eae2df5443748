"""Anything in any order: launches, crashes, people who come and go, the clock, cancel, retry, undo, progress.

hypothesis chooses; after every step the tables must not contradict each other, and once all is quiet everybody who was
there all along has every course that a row says to be enrolled. Steps are derived from fixed seeds, so that a failure
comes again.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import Conflict
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from chalicelib.training.progress import progress
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.harness import FaultHarness
from tests.faults.injector import Injector
from tests.faults.invariants import Tables, problems_in
from tests.faults.kinds import KILLED_AFTER, KILLED_BEFORE, LOST
from tests.harness import World
from tests.stories.reporting.reports.reading import assert_agree, read
from tests.stories.reporting.reports.reference import Reference

SOME = st.integers(0, 10**6)
STEPS = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_nothing_contradicts_anything_whatever_happens(world: World, hook: Injector, small: None) -> None:
    class Machine(Story):
        def __init__(self) -> None:
            super().__init__(world, hook)

    run_state_machine_as_test(Machine, settings=STEPS)


class Story(RuleBasedStateMachine):
    """Two clients, two courses (one with few seats), and what admins, learners and machines may do."""

    def __init__(self, world: World, hook: Injector) -> None:
        super().__init__()
        _empty(world)
        self.play = FaultHarness(world, hook)
        self.outside = self.play.outside
        self.courses = [self.play.course(), self.play.course()]
        self.orgs = [self.play.client(number, self.courses) for number in (4, 2)]
        access = {"course_ids": self.courses, "reply_to": "training@acme.example", "seats": {self.courses[1]: 3}}
        provide = Request("PUT", f"/msp/organizations/{self.orgs[0]}/training-access", self.play.admin, access)
        assert self.play.ask(provide).status == 200
        self.steady = {org_id: set(self.play.people[org_id]) for org_id in self.orgs}
        self.num_launched = 0
        self.undone: set[str] = set()

    # ------------------------------------------------------------ what admins do

    @rule(later=st.booleans(), both=st.booleans())
    def launch(self, later: bool, both: bool) -> None:
        self.num_launched += 1
        day = f"{self.play.world.now + timedelta(days=2):%Y-%m-%d}" if later else None
        courses = [{"course_id": course, "enroll_on": day, "due_by": "2087-12-31"} for course in self.courses]
        orgs = self.orgs if both else self.orgs[:1]
        body = {"name": "Spring", "org_ids": orgs, "courses": courses}
        key = f"launch {self.num_launched}"
        answer = self.play.ask(Request("POST", "/msp/training/enrollment", self.play.admin, body, key))
        assert answer.status == 202, answer.text

    @precondition(lambda self: self.num_launched)
    @rule(which=SOME, what=st.sampled_from(["retry", "cancel", "due"]))
    def change_row(self, which: int, what: str) -> None:
        rows = sorted(Tables.of(self.play.world).rows)
        if not rows:
            return
        org_id, batch_id, course_id = rows[which % len(rows)]
        path = f"/msp/training/{org_id}/{batch_id}/courses/{course_id}"
        if what == "due":
            body = {"due_by": f"2088-01-{1 + which % 28:02}"}
            answer = self.play.ask(Request("PATCH", path, self.play.admin, body))
            assert answer.status in (200, 409), answer.text
        else:
            answer = self.play.ask(Request("POST", f"{path}/{what}", self.play.admin))
            assert answer.status in (202, 409), answer.text

    @precondition(lambda self: self.num_launched)
    @rule(which=SOME)
    def undo(self, which: int) -> None:
        batches = sorted(Tables.of(self.play.world).batches)
        org_id, batch_id = batches[which % len(batches)]
        self.undone.add(batch_id)
        assert self.play.ask(Request("POST", f"/msp/training/{org_id}/{batch_id}/undo", self.play.admin)).status == 202

    # ------------------------------------------------------------ what people do

    @rule(which=SOME)
    def join(self, which: int) -> None:
        self.play.world.members(self.orgs[which % 2], 1)

    @rule(which=SOME)
    def leave(self, which: int) -> None:
        org_id = self.orgs[which % 2]
        left = sorted(self.steady[org_id])
        if len(left) > 1:
            member_id = left[which % len(left)]
            self.steady[org_id].discard(member_id)
            table.transact([Write("delete", RosterEntry(learners_pk(org_id), member_sk(member_id)))])

    @rule(which=SOME, step=st.sampled_from(["start", "complete"]))
    def learn(self, which: int, step: str) -> None:
        found = [
            (key, member_id) for key, items in Tables.of(self.play.world).enrollments.items() for member_id, _ in items
        ]
        if found:
            (org_id, _, course_id), member_id = sorted(found)[which % len(found)]
            mine = EnrollmentId(org_id, member_id, f"COURSE#{course_id}")
            with suppress(Conflict):
                getattr(progress, step)(self.play.msp_id, mine, self.play.world.now)

    # ------------------------------------------------------------ what machines do

    @rule(which=SOME)
    def deliver(self, which: int) -> None:
        if self.outside.take():
            self.outside.deliver(self.outside.waiting.pop(which % len(self.outside.waiting)))

    @rule(which=SOME)
    def deliver_a_copy(self, which: int) -> None:
        if self.outside.take():
            delivery = self.outside.waiting[which % len(self.outside.waiting)]
            self.outside.deliver(Delivery(delivery.body))

    @rule(which=SOME, call=st.integers(1, 14), fault=st.sampled_from([KILLED_BEFORE, KILLED_AFTER, LOST]))
    def break_one(self, which: int, call: int, fault: Any) -> None:
        if self.outside.take():
            delivery = self.outside.waiting.pop(which % len(self.outside.waiting))
            with self.play.injector.fault(call, fault):
                self.outside.deliver(delivery)

    @rule(hours=st.sampled_from([0.1, 1, 30]))
    def let_time_pass(self, hours: float) -> None:
        self.play.world.now += timedelta(hours=hours)
        self.outside.fire_schedules()

    @rule()
    def sweep(self) -> None:
        self.outside.sweep()

    # ------------------------------------------------------------ what must hold

    @invariant()
    def nothing_contradicts_anything(self) -> None:
        assert problems_in(Tables.of(self.play.world), quiet=False) == []

    def teardown(self) -> None:
        self.outside.until(self.play.world.now + timedelta(days=3))
        tables = Tables.of(self.play.world)
        assert problems_in(tables) == []
        for (org_id, batch_id, course_id), row in tables.rows.items():
            if row["status"] != "enrolled" or self.undone:
                continue
            held = {
                member_id
                for (org, _, course), items in tables.enrollments.items()
                if (org, course) == (org_id, course_id)
                for member_id, item in items
                if item["status"] != "cancelled"
            }
            assert self.steady[org_id] <= held, f"batch {batch_id}"
        self._reports_agree()

    def _reports_agree(self) -> None:
        """With a plain count of what lies in the tables, and with what the rows say of themselves."""
        world, admin = self.play.world, self.play.admin
        of_msp: Counter[str] = Counter()
        for path in [*(f"/orgs/{org_id}" for org_id in self.orgs), "/msp"]:
            assert self.play.ask(Request("POST", f"{path}/reports/refresh", admin)).status == 202
        self.outside.until_quiet()
        for org_id in self.orgs:
            assert_agree(world, admin, org_id)
            assert_agree(world, admin, org_id, world.now.date() - timedelta(days=2), world.now.date())
            totals = read(world, admin, f"/orgs/{org_id}", "courses")["totals"]
            counted = Counter({name: totals[name] for name in ("num_enrolled", "num_completed") if totals[name]})
            assert counted == Reference(world, org_id).of_rows()
            of_msp.update(totals)
        assert read(world, admin, "/msp", "clients")["totals"] == of_msp


def _empty(world: World) -> None:
    """Each story begins with nothing, in the tables and in the queue."""
    dynamodb = world.client("dynamodb")
    world.messages()
    for short, name in world.stage.table_names.items():
        keys = [{"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}} for item in world.dump(short)]
        for start in range(0, len(keys), 25):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={name: requests})
    scheduler, group = world.client("scheduler"), world.stage.environment["SCHEDULE_GROUP"]
    for schedule in scheduler.list_schedules(GroupName=group)["Schedules"]:
        scheduler.delete_schedule(GroupName=group, Name=schedule["Name"])
