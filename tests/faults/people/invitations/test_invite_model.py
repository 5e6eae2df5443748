"""Anything in any order in the life of invitations: of three people, each to two organizations that know nothing of
each other, with crashes, news that comes late or never, and the clock. A small model says what everybody's status is.

Steps are derived from fixed seeds, so that a failure comes again.
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
# One of those who are there by then.
WHICH = st.integers(0, 10**6)
# A call that breaks, if there are as many; None for a request in which nothing does.
BREAK = st.none() | st.tuples(st.integers(3, 12), st.sampled_from([KILLED_BEFORE, KILLED_AFTER, LOST]))

_RANKS = {"Delivery": 5, "Bounce": 6, "Complaint": 7}
_OPEN = ("prospect", "pending")


def test_people_are_what_became_of_their_invitations_whatever_happens(
    world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Machine(Life):
        def __init__(self) -> None:
            super().__init__(world, hook, monkeypatch)

    run_state_machine_as_test(Machine, settings=STEPS)


@dataclass
class Known:
    """What the model knows of one person in one organization. `ranks` is the weightiest news of each invitation."""

    member_id: str
    status: str = "prospect"
    expires_at: datetime | None = None
    num_invited: int = 1
    blocked: bool = False
    ranks: dict[str, int] = field(default_factory=dict)


class Life(RuleBasedStateMachine):
    def __init__(self, world: World, hook: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        _empty(world)
        self.people = People(world, hook, monkeypatch)
        first = self.people.here()
        self.places = [first, self.people.elsewhere()]
        self.accounts: dict[str, str] = {}
        self.known: dict[tuple[int, str], Known] = {}
        self.num_keys = 0

    # ------------------------------------------------------------ admins

    @rule(where=WHERE, who=WHO, breaks=BREAK)
    def invite(self, where: int, who: str, breaks: Any) -> None:
        answer = self.ask(where, lambda key: self.people.inviting(who, key=key), breaks)
        (result,) = answer.json["results"]
        known = self.known.get((where, who))
        if known is None:
            assert result["result"] == "invited"
            self.known[where, who] = Known(result["member_id"], expires_at=self.in_30_days())
        elif known.status in (*_OPEN, "active"):
            assert result["code"] == "already_member"
        elif known.blocked:
            assert result["code"] == "mail_blocked"
        else:
            assert (result["result"], result["member_id"]) == ("invited", known.member_id)
            self.is_invited(known)
            known.status = "prospect"

    @precondition(lambda self: self.known)
    @rule(which=WHICH, clear=st.booleans(), breaks=BREAK)
    def resend(self, which: int, clear: bool, breaks: Any) -> None:
        where, _, known = self.one(which)
        answer = self.ask(
            where, lambda key: self.people.changing("resend", known.member_id, key=key, clear_blocked=clear), breaks
        )
        done = answer.json["results"][0]["done"]
        assert done == (known.status in _OPEN and (clear or not known.blocked))
        if done:
            self.is_invited(known)

    @precondition(lambda self: self.known)
    @rule(which=WHICH, breaks=BREAK)
    def cancel(self, which: int, breaks: Any) -> None:
        where, _, known = self.one(which)
        answer = self.ask(where, lambda key: self.people.changing("cancel", known.member_id, key=key), breaks)
        assert answer.json["results"][0]["done"] == (known.status in _OPEN)
        if known.status in _OPEN:
            known.status = "cancelled"

    @precondition(lambda self: any(one.status == "active" for one in self.known.values()))
    @rule(which=WHICH)
    def archive(self, which: int) -> None:
        where, _, known = self.one(which, "active")
        path = f"/members/{known.member_id}/archive"
        request = self.ask(where, lambda _: Request("POST", f"/orgs/{self.people.org_id}{path}", self.people.org_admin))
        assert request.status < 300, request.text
        known.status = "archived"
        self.people.outside.until_quiet()

    # ------------------------------------------------------------ the invited

    @precondition(lambda self: self.known)
    @rule(which=WHICH, what=st.sampled_from(["accept", "accept", "decline"]), breaks=BREAK)
    def answer(self, which: int, what: str, breaks: Any) -> None:
        where, who, known = self.one(which)
        account = self.account(who)
        answer = self.ask(where, lambda _: self.people.answering(what, known.member_id, account), breaks)
        after = "active" if what == "accept" else "declined"
        is_late = what == "accept" and known.expires_at is not None and known.expires_at <= self.now
        if known.status == after or (known.status in _OPEN and not is_late):
            assert answer.status == 200, answer.text
            known.status = after
        else:
            assert answer.status == 409, answer.text

    @precondition(lambda self: self.links())
    @rule(which=WHICH)
    def renew(self, which: int) -> None:
        """By any link that was ever mailed."""
        links = self.links()
        token = links[which % len(links)]
        known = next(one for one in self.known.values() if one.member_id == token.member_id)
        works = matches(token.secret, self.people.member(token.member_id).get("invite_hash"))
        answer = self.people.ask(self.people.submitting(token, "renew"))
        if not works:
            assert answer.status == 404, answer.text
        elif known.status in _OPEN and known.expires_at is not None and known.expires_at <= self.now:
            assert answer.status == (409 if known.blocked else 200), answer.text
            if not known.blocked:
                self.is_invited(known)
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

    @precondition(lambda self: self.told_of())
    @rule(which=WHICH, kind=st.sampled_from(sorted(_RANKS)), breaks=BREAK)
    def tell(self, which: int, kind: str, breaks: Any) -> None:
        """News of any invitation that SES may have: the first time, or again, or in the wrong order."""
        mails = self.told_of()
        mail = mails[which % len(mails)]
        news = self.people.news(kind, mail)
        if breaks is not None:
            with self.people.injector.fault(breaks[0] - 2, breaks[1]):
                self.people.settle_news(news)
        assert self.people.settle_news(news)
        about = self.people.about(mail)
        known = next(one for one in self.known.values() if one.member_id == about["member_id"])
        rank = known.ranks[about["invite_id"]] = max(known.ranks.get(about["invite_id"], 0), _RANKS[kind])
        if self.people.member(known.member_id)["invite_id"] != about["invite_id"]:
            return
        if rank == _RANKS["Delivery"] and known.status == "prospect":
            known.status = "pending"
        if rank > _RANKS["Delivery"]:
            known.blocked = True

    @rule(which=WHICH, breaks=BREAK)
    def work(self, which: int, breaks: Any) -> None:
        """One message of the jobs queue, and if it broke it comes again some time."""
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
    def everybody_is_what_the_model_says_and_nothing_contradicts_it(self) -> None:
        assert self.statuses() == {one.member_id: one.status for one in self.known.values()}
        self.people.assert_sound(quiet=False)

    def teardown(self) -> None:
        self.people.rest()
        assert self.statuses() == {one.member_id: one.status for one in self.known.values()}
        members = {one["member_id"]: one for one in self.people.members()}
        for known in self.known.values():
            member, mails = members[known.member_id], self.people.mails("invitation", "invitation_again")
            assert bool(member.get("mail_blocked")) == known.blocked
            mine = [mail for mail in mails if self.people.about(mail)["member_id"] == known.member_id]
            assert len(mine) == known.num_invited
            (current,) = [mail for mail in mine if self.people.about(mail)["invite_id"] == member["invite_id"]]
            if known.status in _OPEN and current["state"] in ("sent", "delivered"):
                link = [token for token in self.links() if token.member_id == known.member_id][-1]
                assert matches(link.secret, member["invite_hash"])

    # ------------------------------------------------------------ how

    def one(self, which: int, *statuses: str) -> tuple[int, str, Known]:
        """Where, who, and what is known of them."""
        found = [(*key, known) for key, known in self.known.items() if not statuses or known.status in statuses]
        return found[which % len(found)]

    @property
    def now(self) -> datetime:
        return self.people.world.now

    def in_30_days(self) -> datetime:
        """When an invitation ends that is made now: the one that stands says so, to the second."""
        return self.now + timedelta(days=30)

    def is_invited(self, known: Known) -> None:
        known.num_invited += 1
        known.blocked = False
        known.expires_at = to_instant(self.people.member(known.member_id)["invite_expires_at"])

    def ask(self, where: int, request: Callable[[str], Request], breaks: tuple[int, Fault] | None = None) -> Answer:
        self.people.go_to(self.places[where])
        self.num_keys += 1
        made = request(f"key {self.num_keys}")
        if breaks is not None:
            with self.people.injector.fault(*breaks):
                self.people.outside.ask(made)
        return self.people.outside.ask_until_answered(made)

    def account(self, who: str) -> str:
        if who not in self.accounts:
            self.accounts[who] = self.people.world.account(who)
        return self.accounts[who]

    def links(self) -> list[Token]:
        return [token for token in map(token_in, self.people.sent()) if token]

    def told_of(self) -> list[dict[str, Any]]:
        """Invitations that SES has, or may have."""
        mails = self.people.mails("invitation", "invitation_again")
        went = {token.member_id for token in self.links()}
        states = ("sent", "delivered", "bounced", "complained")
        return [mail for mail in mails if mail["state"] in states and self.people.about(mail)["member_id"] in went]

    def statuses(self) -> dict[str, str]:
        return {one["member_id"]: one["status"] for one in self.people.members()}


def _empty(world: World) -> None:
    """Each life begins with nothing, in the tables and in the queues."""
    dynamodb = world.client("dynamodb")
    for queue in ("jobs", "mail"):
        world.messages(queue)
    for short, name in world.stage.table_names.items():
        keys = [{"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}} for item in world.dump(short)]
        for start in range(0, len(keys), 25):
            requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={name: requests})
