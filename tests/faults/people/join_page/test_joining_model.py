"""The random story of test_model.py, in which members also join groups, are archived, and return."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from chalicelib.aws import table
from chalicelib.jobs import due, queue
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import member_joined
from chalicelib.training.batches.states import LIVE
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.invariants import Tables, problems_in
from tests.faults.training.batches.test_model import SOME, STEPS, Story
from tests.harness import World


def test_nothing_contradicts_anything_whoever_joins_and_leaves(world: World, hook: Injector, small: None) -> None:
    class Machine(JoiningStory):
        def __init__(self) -> None:
            super().__init__(world, hook)

    run_state_machine_as_test(Machine, settings=STEPS)


class JoiningStory(Story):
    """Two groups of the first client: one has a course, the other both."""

    def __init__(self, world: World, hook: Injector) -> None:
        super().__init__(world, hook)
        self.org = self.orgs[0]
        self.groups = [world.group(self.org, courses=self.courses[:1]), world.group(self.org, courses=self.courses)]

    def _pick(self, which: int, status: str) -> str | None:
        found = [
            item["member_id"]
            for item in self.play.world.dump("core")
            if item["pk"] == f"ORG#{self.org}#MEMBERS" and item["status"] == status
        ]
        return str(found[which % len(found)]) if found else None

    @rule(which=SOME, groups=st.sampled_from([[0], [1], [0, 1], []]))
    def change_groups(self, which: int, groups: list[int]) -> None:
        member_id = self._pick(which, "active")
        if member_id is not None:
            body = {"group_ids": [self.groups[number] for number in groups]}
            path = f"/orgs/{self.org}/members/{member_id}"
            assert self.play.ask(Request("PATCH", path, self.play.admin, body)).status == 200

    @rule(which=SOME)
    def apply_to_members(self, which: int) -> None:
        path = f"/orgs/{self.org}/groups/{self.groups[which % 2]}"
        assert self.play.ask(Request("PATCH", path, self.play.admin, {"apply_to_members": True})).status == 200

    @rule(which=SOME)
    def archive(self, which: int) -> None:
        member_id = self._pick(which, "active")
        if member_id is not None:
            self.steady[self.org].discard(member_id)
            path = f"/orgs/{self.org}/members/{member_id}/archive"
            assert self.play.ask(Request("POST", path, self.play.admin)).status in (200, 503)

    @rule(which=SOME)
    def come_back(self, which: int) -> None:
        """In the same way as an accepted invitation makes a member active again."""
        member_id = self._pick(which, "archived")
        member = members_store.member(self.org, member_id) if member_id else None
        if member is not None:
            now = self.play.world.now
            after = members_store.copy_with(member, status="active")
            job = member_joined(self.play.msp_id, self.org, member.member_id, now)
            table.transact([*members_store.change_writes(self.org, member, after, now), due.write(job)])
            queue.send_soon(job)

    def teardown(self) -> None:
        self.outside.until(self.play.world.now + timedelta(days=3))
        tables = Tables.of(self.play.world)
        assert problems_in(tables) == []
        archived = {
            item["member_id"]
            for item in self.play.world.dump("core")
            if item["pk"].endswith("#MEMBERS") and item["status"] == "archived"
        }
        kept = [
            (member_id, item["status"])
            for items in tables.enrollments.values()
            for member_id, item in items
            if member_id in archived and item["status"] in LIVE and "left_at" not in item
        ]
        assert kept == []
