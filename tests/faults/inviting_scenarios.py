"""An organization that invites people, its mailer and the news of SES, and moments at which something is to happen."""

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
from chalicelib.notifications import models as notices_models
from chalicelib.notifications import outbox
from chalicelib.notifications import store as notices_store
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
from tests.faults.people_invariants import people_problems, token_in
from tests.faults.people_model import built_once
from tests.harness import World

R = TypeVar("R")

ANN, BOB, ELSEWHERE = "ann@example.com", "bob@example.com", "ann@home.example"
_DOMAIN = "people.example"


# Of the faults that come to the same `Unavailable` before anything is done (refused connections, throttling, errors
# 500, conflicts that do not end; see test_kinds.py) one is enough here.
TELLING = (UNREACHABLE, LOST, LOST_ONCE, KILLED_BEFORE, KILLED_AFTER, CONFLICT)

_WRITING = frozenset({TRANSACT, INSERT, SEND, SCHEDULE, PUT_FILE, DELETE_FILE, LOG_IN})


def telling(calls: Sequence[str]) -> list[ParameterSet]:
    return [one for one in pairs(calls) if _fault(one) in TELLING or getattr(_fault(one), "again", False)]


def sharp(calls: Sequence[str], start: int = 1) -> list[ParameterSet]:
    """For what is begun and ended by the code that other tests break in every way: its writes from `start` on.

    A read that breaks, or a death before a write, leaves what a death after the write before it leaves.
    """
    few = (UNREACHABLE, LOST, KILLED_AFTER)
    return [
        one
        for one in telling(calls)
        if int(str(one.values[0])) >= start
        and calls[int(str(one.values[0])) - 1] in _WRITING
        and (_fault(one) in few or isinstance(_fault(one), Refusal))
    ]


def named(name: str, found: Sequence[ParameterSet]) -> list[ParameterSet]:
    """The same of a scene that is one of several."""
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
    """One client with a group that has a course. Nothing is mailed, and no news comes, before a test says so."""

    def __init__(self, world: World, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        self.built: tuple[str, ...] = ()
        self._dumped: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        self.org_id = self.group_id = self.course_id = self.org_admin = ""
        super().__init__(world, injector)
        monkeypatch.setenv("MAIL_FROM", f"muster@{_DOMAIN}")
        # Fast enough that nobody waits for a slot, and few enough shards that a sweep is cheap.
        monkeypatch.setenv("MAIL_RATE", "1000")
        for module in (notices_models, notices_store):
            monkeypatch.setattr(module, "NUM_CLAIMED_SHARDS", 1)
        settings.cache_clear()
        built_once(self, _client)

    def starting(self, build: Callable[["People"], R]) -> R:
        """With what the test begins with. Many tests begin alike: built by the first, it is given to the others."""
        return built_once(self, build)

    def here(self) -> tuple[str, str, str]:
        """The organization in whose name things are done, the group, and the admin."""
        return self.org_id, self.group_id, self.org_admin

    def elsewhere(self) -> tuple[str, str, str]:
        """Another organization of the same kind."""
        org_id = self.client(0, [self.course_id], subscription="active")
        return org_id, self.world.group(org_id, "Finance", [self.course_id]), self.world.org_admin(org_id)

    def go_to(self, place: tuple[str, str, str]) -> None:
        self.org_id, self.group_id, self.org_admin = place

    # ------------------------------------------------------------ requests

    def inviting(self, *emails: str, notify: str = "now", key: str = "invite", as_: str | None = None) -> Request:
        body = {"group_id": self.group_id, "emails": list(emails), "notify": notify}
        return Request("POST", f"/orgs/{self.org_id}/invites", as_ or self.org_admin, body, key)

    def changing(self, what: str, *member_ids: str, key: str | None = None, **more: Any) -> Request:
        body = {"member_ids": list(member_ids), **more}
        return Request("POST", f"/orgs/{self.org_id}/invites/{what}", self.org_admin, body, key or what)

    def answering(self, what: str, member_id: str, account: str, token: Token | None = None) -> Request:
        body = {"token": token.text} if token else {}
        path = f"/me/invites/{self.org_id}.{member_id}/{what}"
        return Request("POST", path, account, body if what == "accept" else None)

    def submitting(self, token: Token, what: str, fields: str = "") -> Request:
        form = "application/x-www-form-urlencoded"
        return Request("POST", f"/invites/{token.text}/{what}", None, raw=fields.encode(), content_type=form)

    def invite(self, *emails: str, **more: str) -> str:
        """The id of the first of them; their mails wait."""
        answer = self.ask(self.inviting(*emails, **more))
        assert answer.status == 201, answer.text
        return str(answer.json["results"][0]["member_id"])

    def invited(self, email: str = ANN) -> tuple[str, Token]:
        """Somebody who has the mail: the member, and the link."""
        member_id = self.invite(email, key=f"invite {email}")
        self.mail()
        self.tell("Delivery")
        assert self.member(member_id)["status"] == "pending"
        return member_id, self.link()

    # ------------------------------------------------------------ mail

    def wake(self) -> None:
        """One wake-up of the mailer, as the queue delivers it; a process that dies says nothing."""
        records = [{"messageId": "1", "body": json.dumps(Wake().body())}]
        try:
            mail_jobs.send({"Records": records}, clock=lambda: self.world.now)
        except Killed:
            return

    def mail(self) -> None:
        """The sweep wakes the mailer until nothing waits that could be sent now."""
        for _ in range(5):
            self.end_leases()
            outbox.sweep(self.world.now)
            if not self.world.messages("mail"):
                return
            self.wake()
        raise AssertionError("there is always mail to send")

    def end_leases(self) -> None:
        """Those of mailers that died: they run by the machine's clock."""
        table = self.world.stage.table_names["outbox"]
        for item in self._outbox("MAIL_PACE"):
            if item["sk"].startswith("PUMP#"):
                key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
                self.world.client("dynamodb").delete_item(TableName=table, Key=key)

    def sent(self) -> list[dict[str, Any]]:
        """What SES has, oldest first; read beside the local cloud's HTTP."""
        return [mail for mails in ses._sent_emails.to_dict().values() for mail in mails]

    def link(self) -> Token:
        """The newest that was mailed."""
        return [token for token in map(token_in, self.sent()) if token][-1]

    def mails(self, *kinds: str) -> list[dict[str, Any]]:
        return [item for item in self._outbox("MAIL#") if not kinds or item["kind"] in kinds]

    def about(self, mail: dict[str, Any]) -> dict[str, str]:
        told: dict[str, str] = json.loads(mail["about"])
        return told

    def news(self, kind: str, mail: dict[str, Any] | None = None, *, names_mail: bool = True) -> list[dict[str, Any]]:
        """What SES tells of a mail, the latest invitation if none is given, in the words of SNS."""
        about = mail or self.mails("invitation", "invitation_again")[-1]
        headers = [{"name": "X-Muster-Mail", "value": about["mail_id"]}] if names_mail else []
        said: dict[str, Any] = {
            "notificationType": kind,
            "mail": {"messageId": about.get("message_id", "early"), "headers": headers},
            "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []},
            "complaint": {"complaintFeedbackType": "abuse"},
        }
        return [{"Sns": {"Message": json.dumps(said)}}]

    def settle_news(self, news: list[dict[str, Any]]) -> bool:
        """As Lambda hands it over, which keeps what fails and hands it over again."""
        try:
            mail_jobs.settle({"Records": news}, clock=lambda: self.world.now)
        except (Killed, Exception):
            return False
        return True

    def tell(self, kind: str, mail: dict[str, Any] | None = None) -> None:
        assert self.settle_news(self.news(kind, mail))

    # ------------------------------------------------------------ what came of it

    def come_to_rest(self) -> None:
        """Jobs are done, mail is sent, and what is in doubt is given up."""
        for _ in range(6):
            self.outside.until_quiet()
            self.mail()
            if not self._outbox("CLAIMED#", "LANE#"):
                return
            self.world.now += IN_DOUBT_AFTER + timedelta(minutes=1)
        raise AssertionError("mail is always in doubt")

    def assert_sound(self, *, quiet: bool = True) -> None:
        wrong = [
            *people_problems(self.dump("core"), self.dump("outbox"), self.sent(), quiet=quiet),
            *problems(self.world, quiet=quiet),
        ]
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

    def told(self) -> Counter[str]:
        """How many entries of the trail tell of what."""
        return Counter(str(item["action"]) for item in self.dump("core") if item["pk"].endswith("#AUDIT"))

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.sent()]

    def num_links(self) -> int:
        return sum(token_in(mail) is not None for mail in self.sent())

    def page(self, token: Token) -> str:
        """What the link shows: `dead`, `open`, `expired` or `closed`."""
        answer = self.world.get(f"/invites/{token.text}")
        if answer.status == 404:
            return "dead"
        told = {"This invitation is closed": "closed", "Send me a fresh link": "expired"}
        return next((name for text, name in told.items() if text in answer.text), "open")

    def assert_enrolled(self, num_people: int = 1) -> None:
        assert self.rows() == {(self.org_id, self.course_id): [enrolled(num_people)]}

    def dump(self, short: str) -> list[dict[str, Any]]:
        """A table, read again only when something may have changed since it was read."""
        if short not in self._dumped or self._dumped[short][0] != in_process_cloud.num_changing:
            self._dumped[short] = (in_process_cloud.num_changing, self.world.dump(short))
        return self._dumped[short][1]

    def _outbox(self, *starts: str) -> list[dict[str, Any]]:
        return [item for item in self.dump("outbox") if item["pk"].startswith(starts)]
