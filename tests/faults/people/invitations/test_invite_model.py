"""Random steps in the life of invitations, compared with a small reference model: three people, two organizations,
crashes, delivery events that come late or never, and time that passes.

The seeds are fixed, so that a failure can be repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chalicelib.core.clock import to_instant
from chalicelib.people.invitations.tokens import Token, matches
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import People
from tests.faults.kinds import KILLED_AFTER, KILLED_BEFORE, LOST, Fault
from tests.faults.people_invariants import token_in
from tests.gateway import Answer
from tests.harness import World

STEPS = settings(
    max_examples=20,
    stateful_step_count=35,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

WHO = st.sampled_from(["ann@example.com", "bob@example.com", "carol@example.com"])
WHERE = st.integers(0, 1)
# One of the members that exist by then.
WHICH = st.integers(0, 10**6)
# The call that breaks, if there are so many; None for a request in which nothing breaks.
BREAK = st.none() | st.tuples(st.integers(3, 12), st.sampled_from([KILLED_BEFORE, KILLED_AFTER, LOST]))

_RANKS = {"Delivery": 5, "Bounce": 6, "Complaint": 7}
_OPEN = ("prospect", "pending")


def test_members_are_as_the_model_says_whatever_happens(
    world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Machine(InvitationStory):
        def __init__(self) -> None:
            super().__init__(world, hook, monkeypatch)

    run_state_machine_as_test(Machine, settings=STEPS)


@dataclass
class ExpectedMember:
    """The model of one person in one organization. `ranks` holds the highest event of each invitation."""

    member_id: str
    status: str = "prospect"
    expires_at: datetime | None = None
    num_invited: int = 1
    blocked: bool = False
    ranks: dict[str, int] = field(default_factory=dict)


class InvitationStory(RuleBasedStateMachine):
    def __init__(self, world: World, hook: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        _empty(world)
        self.people = People(world, hook, monkeypatch)
        first = self.people.current_client()
        self.clients = [first, self.people.another_client()]
        self.accounts: dict[str, str] = {}
        self.expected: dict[tuple[int, str], ExpectedMember] = {}
        # Secrets of links whose holder had a fresh one sent.
        self.renewed: set[str] = set()
        self.num_keys = 0

    # ------------------------------------------------------------ admins

    @rule(where=WHERE, who=WHO, breaks=BREAK)
    def invite(self, where: int, who: str, breaks: Any) -> None:
        answer = self.ask(where, lambda key: self.people.invite_request(who, key=key), breaks)
        (result,) = answer.json["results"]
        expected = self.expected.get((where, who))
        if expected is None:
            assert result["result"] == "invited"
            self.expected[where, who] = ExpectedMember(result["member_id"], expires_at=self.in_30_days())
        elif expected.status in (*_OPEN, "active"):
            assert result["code"] == "already_member"
        elif expected.blocked:
            assert result["code"] == "mail_blocked"
        else:
            assert (result["result"], result["member_id"]) == ("invited", expected.member_id)
            self.is_invited(expected)
            expected.status = "prospect"

    @precondition(lambda self: self.expected)
    @rule(which=WHICH, clear=st.booleans(), breaks=BREAK)
    def resend(self, which: int, clear: bool, breaks: Any) -> None:
        where, _, expected = self.pick(which)
        answer = self.ask(
            where,
            lambda key: self.people.change_request("resend", expected.member_id, key=key, clear_blocked=clear),
            breaks,
        )
        done = answer.json["results"][0]["done"]
        assert done == (expected.status in _OPEN and (clear or not expected.blocked))
        if done:
            self.is_invited(expected)

    @precondition(lambda self: self.expected)
    @rule(which=WHICH, breaks=BREAK)
    def cancel(self, which: int, breaks: Any) -> None:
        where, _, expected = self.pick(which)
        answer = self.ask(where, lambda key: self.people.change_request("cancel", expected.member_id, key=key), breaks)
        assert answer.json["results"][0]["done"] == (expected.status in _OPEN)
        if expected.status in _OPEN:
            expected.status = "cancelled"

    @precondition(lambda self: any(one.status == "active" for one in self.expected.values()))
    @rule(which=WHICH)
    def archive(self, which: int) -> None:
        where, _, expected = self.pick(which, "active")
        path = f"/members/{expected.member_id}/archive"
        request = self.ask(where, lambda _: Request("POST", f"/orgs/{self.people.org_id}{path}", self.people.org_admin))
        assert request.status < 300, request.text
        expected.status = "archived"
        self.people.outside.until_quiet()

    # ------------------------------------------------------------ the invited

    @precondition(lambda self: self.expected)
    @rule(which=WHICH, what=st.sampled_from(["accept", "accept", "decline"]), breaks=BREAK)
    def answer(self, which: int, what: str, breaks: Any) -> None:
        where, who, expected = self.pick(which)
        account = self.account(who)
        answer = self.ask(where, lambda _: self.people.answer_request(what, expected.member_id, account), breaks)
        after = "active" if what == "accept" else "declined"
        is_late = what == "accept" and expected.expires_at is not None and expected.expires_at <= self.now
        if expected.status == after or (expected.status in _OPEN and not is_late):
            assert answer.status == 200, answer.text
            expected.status = after
        else:
            assert answer.status == 409, answer.text

    @precondition(lambda self: self.links())
    @rule(which=WHICH)
    def renew(self, which: int) -> None:
        """With any link that was ever mailed."""
        links = self.links()
        token = links[which % len(links)]
        expected = next(one for one in self.expected.values() if one.member_id == token.member_id)
        works = matches(token.secret, self.people.member(token.member_id).get("invite_hash"))
        answer = self.people.ask(self.people.form_request(token, "renew"))
        if token.secret in self.renewed:
            # Pressed again: answered as the first time.
            assert answer.status == 303, answer.text
        elif not works:
            assert answer.status == 404, answer.text
        elif expected.status in _OPEN and expected.expires_at is not None and expected.expires_at <= self.now:
            assert answer.status == (409 if expected.blocked else 303), answer.text
            if not expected.blocked:
                self.renewed.add(token.secret)
                self.is_invited(expected)
        else:
            assert answer.status == 409, answer.text

    # ------------------------------------------------------------ machines

    @rule(breaks=BREAK)
    def send_mail(self, breaks: Any) -> None:
        self.people.end_leases()
        if breaks is None:
            self.people.wake()
            return
        with self.people.injector.fault(*breaks):
            self.people.wake()

    @precondition(lambda self: self.reportable_mails())
    @rule(which=WHICH, kind=st.sampled_from(sorted(_RANKS)), breaks=BREAK)
    def report(self, which: int, kind: str, breaks: Any) -> None:
        """A delivery event of any invitation that SES may have: for the first time, again, or in the wrong order."""
        mails = self.reportable_mails()
        mail = mails[which % len(mails)]
        events = self.people.events(kind, mail)
        if breaks is not None:
            with self.people.injector.fault(breaks[0] - 2, breaks[1]):
                self.people.deliver_events(events)
        assert self.people.deliver_events(events)
        about = self.people.about(mail)
        expected = next(one for one in self.expected.values() if one.member_id == about["member_id"])
        rank = expected.ranks[about["invite_id"]] = max(expected.ranks.get(about["invite_id"], 0), _RANKS[kind])
        if self.people.member(expected.member_id)["invite_id"] != about["invite_id"]:
            return
        # Who complains has got the mail.
        if rank in (_RANKS["Delivery"], _RANKS["Complaint"]) and expected.status == "prospect":
            expected.status = "pending"
        if rank > _RANKS["Delivery"]:
            expected.blocked = True

    @rule(which=WHICH, breaks=BREAK)
    def work(self, which: int, breaks: Any) -> None:
        """Deliver one message of the jobs queue. If it breaks, it is delivered again later."""
        outside = self.people.outside
        if outside.take():
            delivery = outside.waiting.pop(which % len(outside.waiting))
            if breaks is None:
                outside.deliver(delivery)
                return
            with self.people.injector.fault(*breaks):
                outside.deliver(delivery)

    @rule(hours=st.sampled_from([1, 1, 30, 24 * 31]))
    def let_time_pass(self, hours: int) -> None:
        self.people.world.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        self.people.outside.sweep()
        self.people.mail()
        self.people.outside.work_off()

    # ------------------------------------------------------------ what must hold

    @invariant()
    def members_are_as_the_model_says_and_the_tables_agree(self) -> None:
        assert self.statuses() == {one.member_id: one.status for one in self.expected.values()}
        self.people.assert_sound(quiet=False)

    def teardown(self) -> None:
        self.people.rest()
        assert self.statuses() == {one.member_id: one.status for one in self.expected.values()}
        members = {one["member_id"]: one for one in self.people.members()}
        for expected in self.expected.values():
            member, mails = members[expected.member_id], self.people.mails("invitation", "invitation_again")
            assert bool(member.get("mail_blocked")) == expected.blocked
            own_mails = [mail for mail in mails if self.people.about(mail)["member_id"] == expected.member_id]
            assert len(own_mails) == expected.num_invited
            (current,) = [mail for mail in own_mails if self.people.about(mail)["invite_id"] == member["invite_id"]]
            if expected.status in _OPEN and current["state"] in ("sent", "delivered"):
                link = [token for token in self.links() if token.member_id == expected.member_id][-1]
                assert matches(link.secret, member["invite_hash"])

    # ------------------------------------------------------------ how

    def pick(self, which: int, *statuses: str) -> tuple[int, str, ExpectedMember]:
        """The client's number, the address, and the model's member."""
        candidates = [
            (*key, expected) for key, expected in self.expected.items() if not statuses or expected.status in statuses
        ]
        return candidates[which % len(candidates)]

    @property
    def now(self) -> datetime:
        return self.people.world.now

    def in_30_days(self) -> datetime:
        """When an invitation that is made now expires."""
        return self.now + timedelta(days=30)

    def is_invited(self, expected: ExpectedMember) -> None:
        expected.num_invited += 1
        expected.blocked = False
        expected.expires_at = to_instant(self.people.member(expected.member_id)["invite_expires_at"])

    def ask(self, where: int, request: Callable[[str], Request], breaks: tuple[int, Fault] | None = None) -> Answer:
        self.people.switch_to(self.clients[where])
        self.num_keys += 1
        sent = request(f"key {self.num_keys}")
        if breaks is not None:
            with self.people.injector.fault(*breaks):
                self.people.outside.ask(sent)
        return self.people.outside.ask_until_answered(sent)

    def account(self, who: str) -> str:
        if who not in self.accounts:
            self.accounts[who] = self.people.world.account(who)
        return self.accounts[who]

    def links(self) -> list[Token]:
        return [token for token in map(token_in, self.people.sent()) if token]

    def reportable_mails(self) -> list[dict[str, Any]]:
        """Mails of invitations that SES has."""
        mails = self.people.mails("invitation", "invitation_again")
        mailed = {token.member_id for token in self.links()}
        states = ("sent", "delivered", "bounced", "complained")
        return [mail for mail in mails if mail["state"] in states and self.people.about(mail)["member_id"] in mailed]

    def statuses(self) -> dict[str, str]:
        return {one["member_id"]: one["status"] for one in self.people.members()}


def _empty(world: World) -> None:
    """Each story begins with empty tables and queues."""
    dynamodb = world.client("dynamodb")
    for queue in ("jobs", "mail"):
        world.messages(queue)
    for short, name in world.stage.table_names.items():
        keys = [{"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}} for item in world.dump(short)]
        for start in range(0, len(keys), 25):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={name: requests})
