"""An organization that invites people, its mailer and SES's delivery events; and choices of faults for its tests."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from _pytest.mark import ParameterSet
from ministack.services import ses

from chalicelib import mailer as mail_jobs
from chalicelib.core.settings import settings
from chalicelib.notifications import models as notifications_models
from chalicelib.notifications import outbox
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.outbox import IN_DOUBT_AFTER
from chalicelib.notifications.schemas import Wake
from chalicelib.people.invitations.tokens import Token
from tests import in_process_cloud as in_process_cloud
from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness, enrolled
from tests.faults.injector import Injector, Killed
from tests.faults.invariants import problems
from tests.faults.kinds import (
    CONFLICT,
    DELETE_FILE,
    INSERT,
    KILLED_AFTER,
    KILLED_BEFORE,
    LOG_IN,
    LOST,
    LOST_ONCE,
    PUT_FILE,
    SCHEDULE,
    SEND,
    TRANSACT,
    UNREACHABLE,
    Refusal,
    pairs,
)
from tests.faults.known_ends import known_ends
from tests.faults.people_invariants import people_problems, token_in
from tests.faults.people_snapshots import built_once
from tests.harness import World

R = TypeVar("R")

ANN, BOB, ELSEWHERE = "ann@example.com", "bob@example.com", "ann@home.example"
_DOMAIN = "people.example"


# Several faults end in `Unavailable` before anything is done (refused connections, throttling, errors 500, endless
# conflicts; see test_kinds.py). One of them is enough here.
DISTINCT_FAULTS = (UNREACHABLE, LOST, LOST_ONCE, KILLED_BEFORE, KILLED_AFTER, CONFLICT)

_WRITING = frozenset({TRANSACT, INSERT, SEND, SCHEDULE, PUT_FILE, DELETE_FILE, LOG_IN})


def distinct_faults(calls: Sequence[str]) -> list[ParameterSet]:
    return [one for one in pairs(calls) if _fault(one) in DISTINCT_FAULTS or getattr(_fault(one), "again", False)]


def faults_on_writes(calls: Sequence[str], start: int = 1) -> list[ParameterSet]:
    """Faults on the writes from `start` on, for requests whose other calls are broken by other tests.

    A broken read, or a crash before a write, leaves the same state as a crash after the write before it.
    """
    few = (UNREACHABLE, LOST, KILLED_AFTER)
    return [
        one
        for one in distinct_faults(calls)
        if int(str(one.values[0])) >= start
        and calls[int(str(one.values[0])) - 1] in _WRITING
        and (_fault(one) in few or isinstance(_fault(one), Refusal))
    ]


def named(name: str, found: Sequence[ParameterSet]) -> list[ParameterSet]:
    """The same, labelled with the name of the scenario."""
    return [pytest.param(name, *one.values, id=f"{name}: {one.id}") for one in found]


def _fault(one: ParameterSet) -> object:
    return one.values[1]


def _client(people: "People") -> None:
    people.world.client("ses").verify_domain_identity(Domain=_DOMAIN)
    people.course_id = people.course()
    people.org_id = people.client(0, [people.course_id], subscription="active")
    people.group_id = people.world.group(people.org_id, "Finance", [people.course_id])
    people.org_admin = people.world.org_admin(people.org_id)


class People(FaultHarness):
    """One client with a group that has a course. No mail goes out, and no event arrives, before a test says so."""

    def __init__(self, world: World, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built: tuple[str, ...] = ()
        self._dumped: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        self.org_id = self.group_id = self.course_id = self.org_admin = ""
        super().__init__(world, injector)
        monkeypatch.setenv("MAIL_FROM", f"muster@{_DOMAIN}")
        # A rate at which no mail waits for a slot, and so few shards that a sweep is cheap.
        monkeypatch.setenv("MAIL_RATE", "1000")
        for module in (notifications_models, notifications_store):
            monkeypatch.setattr(module, "NUM_CLAIM_SHARDS", 1)
        monkeypatch.setattr(notifications_models, "NUM_QUEUE_SHARDS", 1)
        settings.cache_clear()
        built_once(self, _client)

    def starting(self, build: Callable[["People"], R]) -> R:
        """Begin with this scenario. It is built by the first test that begins with it; the others get a snapshot."""
        return built_once(self, build)

    def current_client(self) -> tuple[str, str, str]:
        """The organization on which requests act, its group, and its admin."""
        return self.org_id, self.group_id, self.org_admin

    def another_client(self) -> tuple[str, str, str]:
        """Another organization of the same kind."""
        org_id = self.client(0, [self.course_id], subscription="active")
        return org_id, self.world.group(org_id, "Finance", [self.course_id]), self.world.org_admin(org_id)

    def switch_to(self, client: tuple[str, str, str]) -> None:
        self.org_id, self.group_id, self.org_admin = client

    # ------------------------------------------------------------ requests

    def invite_request(self, *emails: str, notify: str = "now", key: str = "invite", as_: str | None = None) -> Request:
        body = {"group_id": self.group_id, "emails": list(emails), "notify": notify}
        return Request("POST", f"/orgs/{self.org_id}/invites", as_ or self.org_admin, body, key)

    def change_request(self, what: str, *member_ids: str, key: str | None = None, **more: Any) -> Request:
        body = {"member_ids": list(member_ids), **more}
        return Request("POST", f"/orgs/{self.org_id}/invites/{what}", self.org_admin, body, key or what)

    def answer_request(self, what: str, member_id: str, account: str, token: Token | None = None) -> Request:
        body = {"token": token.text} if token else {}
        path = f"/me/invites/{self.org_id}.{member_id}/{what}"
        return Request("POST", path, account, body if what == "accept" else None)

    def form_request(self, token: Token, what: str, fields: str = "") -> Request:
        form = "application/x-www-form-urlencoded"
        return Request("POST", f"/invites/{token.text}/{what}", None, raw=fields.encode(), content_type=form)

    def invite(self, *emails: str, **more: str) -> str:
        """The id of the first of them. Their mails are queued."""
        answer = self.ask(self.invite_request(*emails, **more))
        assert answer.status == 201, answer.text
        return str(answer.json["results"][0]["member_id"])

    def invited(self, email: str = ANN) -> tuple[str, Token]:
        """A member who has got the mail, and the link in it."""
        member_id = self.invite(email, key=f"invite {email}")
        self.mail()
        self.deliver_event("Delivery")
        assert self.member(member_id)["status"] == "pending"
        return member_id, self.link()

    # ------------------------------------------------------------ mail

    def wake(self) -> None:
        """One wake-up of the mailer, as the queue delivers it; a process that dies returns nothing."""
        records = [{"messageId": "1", "body": json.dumps(Wake().body())}]
        try:
            mail_jobs.send({"Records": records}, clock=lambda: self.world.now, time=self.world.mail_time)
        except Killed:
            return

    def mail(self) -> None:
        """The sweep wakes the mailer until no mail is left that could be sent now."""
        known_ends.lead(self.world, ("mail",), self._mail)

    def _mail(self) -> None:
        for _ in range(5):
            self.end_leases()
            outbox.sweep(self.world.now)
            if not self.world.messages("mail"):
                return
            self.wake()
            if self._is_all_in_doubt():
                return
        raise AssertionError("mail never ends")

    def _is_all_in_doubt(self) -> bool:
        """What is queued has a sender that died; news of it may still come."""
        queued = {item["sk"] for item in self._outbox("QUEUE#")}
        return bool(queued) and {mail["state"] for mail in self.mails() if mail["mail_id"] in queued} == {"sending"}

    def end_leases(self) -> None:
        """Those of mailers that died: they run by the machine's clock."""
        table = self.world.stage.table_names["outbox"]
        for item in self._outbox("SEND_RATE"):
            if item["sk"].startswith("WORKER#"):
                key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
                self.world.client("dynamodb").delete_item(TableName=table, Key=key)

    def sent(self) -> list[dict[str, Any]]:
        """SES's mails, oldest first, read from memory rather than over HTTP."""
        return [mail for mails in ses._sent_emails.to_dict().values() for mail in mails]

    def link(self) -> Token:
        """The newest link that was mailed."""
        return [token for token in map(token_in, self.sent()) if token][-1]

    def mails(self, *kinds: str) -> list[dict[str, Any]]:
        return [item for item in self._outbox("MAIL#") if not kinds or item["kind"] in kinds]

    def about(self, mail: dict[str, Any]) -> dict[str, str]:
        about: dict[str, str] = json.loads(mail["about"])
        return about

    def events(self, kind: str, mail: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """SES's event about a mail (the latest invitation if none is given), as SNS sends it."""
        about = mail or self.mails("invitation", "invitation_again")[-1]
        event: dict[str, Any] = {
            "notificationType": kind,
            "mail": {"messageId": about.get("message_id", "early"), "tags": {"mail": [about["mail_id"]]}},
            "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []},
            "complaint": {"complaintFeedbackType": "abuse"},
        }
        return [{"Sns": {"Message": json.dumps(event)}}]

    def deliver_events(self, events: list[dict[str, Any]]) -> bool:
        """False when it failed: Lambda would deliver the same events again."""
        try:
            mail_jobs.handle_delivery_events({"Records": events})
        except (Killed, Exception):
            return False
        return True

    def deliver_event(self, kind: str, mail: dict[str, Any] | None = None) -> None:
        assert self.deliver_events(self.events(kind, mail))

    # ------------------------------------------------------------ the state afterwards

    def come_to_rest(self) -> None:
        """Run jobs and mailer until nothing is queued; mails whose sender died become unknown."""
        for _ in range(6):
            self.outside.until_quiet()
            self.mail()
            if not self._outbox("QUEUE#"):
                return
            self.world.now += IN_DOUBT_AFTER + timedelta(minutes=1)
        raise AssertionError("mails never leave their queues")

    def assert_sound(self, *, quiet: bool = True) -> None:
        def read() -> list[str]:
            return people_problems(self.dump("core"), self.dump("outbox"), self.sent(), quiet=quiet)

        wrong = [*known_ends.seen(self.world, f"people {quiet}", read), *problems(self.world, quiet=quiet)]
        assert not wrong, "\n".join(wrong)

    def rest(self) -> None:
        self.come_to_rest()
        self.assert_sound()

    def members(self) -> list[dict[str, Any]]:
        return [item for item in self.dump("core") if item["pk"].endswith("#MEMBERS")]

    def member(self, member_id: str) -> dict[str, Any]:
        (found,) = [item for item in self.members() if item["member_id"] == member_id]
        return found

    def statuses(self) -> Counter[str]:
        return Counter(str(item["status"]) for item in self.members())

    def audit_actions(self) -> Counter[str]:
        """The number of entries in the audit trail, by action."""
        trail = [item for item in self.dump("core") if item["pk"].endswith("#AUDIT") and "action" in item]
        return Counter(str(item["action"]) for item in trail)

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.sent()]

    def num_links(self) -> int:
        return sum(token_in(mail) is not None for mail in self.sent())

    def page(self, token: Token) -> str:
        """What the link shows: `dead`, `open`, `expired` or `closed`."""
        answer = self.world.get(f"/invites/{token.text}")
        if answer.status == 404:
            return "dead"
        forms = {"/renew": "expired", "/decline": "open"}
        return next(
            (name for form, name in forms.items() if f'action="/dev/invites/{token.text}{form}"' in answer.text),
            "closed",
        )

    def assert_enrolled(self, num_people: int = 1) -> None:
        assert self.rows() == {(self.org_id, self.course_id): [enrolled(num_people)]}

    def dump(self, short: str) -> list[dict[str, Any]]:
        """All items of a table, read again only if a call since may have changed them."""
        if short not in self._dumped or self._dumped[short][0] != in_process_cloud.num_changing:
            self._dumped[short] = (in_process_cloud.num_changing, self.world.dump(short))
        return self._dumped[short][1]

    def _outbox(self, *starts: str) -> list[dict[str, Any]]:
        return [item for item in self.dump("outbox") if item["pk"].startswith(starts)]
