"""An organization with a live training, its people and their mails; what must be true of it whatever broke."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from chalicelib.core.clock import to_text
from chalicelib.training.sessions.enrolling import enroll_chunk
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import People
from tests.faults.people_snapshots import built_once
from tests.harness import World

R = TypeVar("R")

# What a scenario gives, the session that it is about, and the people.
Built = tuple[R, dict[str, str], list[str]]

SEATED = ("invited", "confirmed", "attended", "absent")
ADDRESSES = ("ann@example.com", "bob@example.com", "carol@example.com")


class Live(People):
    """Three people; a session that two of them fill. Two people make a transaction."""

    def __init__(self, world: World, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(enroll_chunk, "_AT_ONCE", 2)
        super().__init__(world, injector, monkeypatch)

    def begin_with(self, build: Callable[["Live"], "Built[R]"]) -> R:
        """The scenario's request or message. The first test that begins with it builds it; others get a snapshot."""
        result, self.item, self.people_ids = built_once(self, build)  # type: ignore[arg-type]
        return result

    def scenario(self, result: R) -> "Built[R]":
        return result, self.item, self.people_ids

    # ------------------------------------------------------------ requests

    @property
    def base(self) -> str:
        return f"/orgs/{self.org_id}/trainings"

    def admin_request(self, method: str, path: str, body: Any = None, key: str | None = None) -> Request:
        return Request(method, self.base + path, self.org_admin, body, key)

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask(self.admin_request("POST", path, body))
        assert answer.status in (200, 201, 202), answer.text
        return dict(answer.json)

    def session(self, training: str, day: int = 20, **fields: Any) -> str:
        times = {"starts_at": f"2087-01-{day}T09:00", "ends_at": f"2087-01-{day}T10:00", "time_zone": "Europe/Berlin"}
        form = {**times, "place": "Room 1", "capacity": 2, "waiting_list": True, **fields}
        return str(self.make(f"/{training}/sessions", form)["session_id"])

    def enroll_request(self, *, later: bool = False) -> Request:
        body: dict[str, Any] = {"member_ids": self.people_ids, "items": [self.item]}
        if later:
            body["visible_from"] = to_text(self.world.now + timedelta(days=3))
        return self.admin_request("POST", "/enroll", body, "enroll")

    def prepare(self) -> None:
        training = str(self.make("", {"title": "First aid"})["training_id"])
        self.item = {"training_id": training, "session_id": self.session(training)}
        # Ann has an account as well, Bob and Carol have addresses only.
        accounts = (self.world.account(ADDRESSES[0]), None, None)
        people = zip(ADDRESSES, accounts, strict=True)
        self.people_ids = [self.world.member(self.org_id, email=email, account_id=one) for email, one in people]

    def chunk(self, *, later: bool = False) -> Delivery:
        """The message for the one chunk of people, the others done."""
        assert self.ask(self.enroll_request(later=later)).status == 202
        return self.outside.take_one(job="enroll_people_chunk")

    def enrolled_people(self) -> None:
        """Ann and Bob have a place and an invitation, Carol waits."""
        self.prepare()
        assert self.ask(self.enroll_request()).status == 202
        self.come_to_rest()

    def rsvp_request(self, number: int, answer: str) -> Request:
        form = "application/x-www-form-urlencoded"
        path = f"/rsvp/{self.participant(number)['token']}"
        return Request("POST", path, None, raw=f"answer={answer}".encode(), content_type=form)

    # ------------------------------------------------------------ the state afterwards

    def participants(self) -> list[dict[str, Any]]:
        return [item for item in self.dump("core") if "participation_id" in item and "status" in item]

    def participant(self, number: int) -> dict[str, Any]:
        (found,) = [one for one in self.participants() if one["member_id"] == self.people_ids[number]]
        return found

    def sessions(self) -> list[dict[str, Any]]:
        return [item for item in self.dump("core") if item["sk"].startswith("SESSION#")]

    def by_status(self) -> Counter[str]:
        return Counter(str(item["status"]) for item in self.participants())

    def kinds(self, number: int) -> list[str]:
        """The kinds of mails that the person got, oldest first."""
        words = {"Invitation": "invited", "Changed": "changed", "Waiting list": "waiting", "Cancelled": "cancelled"}
        words["Tomorrow"] = "tomorrow"
        mine = [mail for mail in self.sent() if ADDRESSES[number] in mail["To"]]
        return [words[mail["Subject"].split(":")[0]] for mail in mine if mail["Subject"].split(":")[0] in words]

    def notices(self) -> list[str]:
        """The kinds of Ann's notifications, oldest first."""
        found = [item for item in self.dump("outbox") if item["sk"].startswith("NOTICE#")]
        return [item["kind"].removeprefix("training_") for item in sorted(found, key=lambda item: str(item["sk"]))]

    def settled(self) -> None:
        """Jobs and mails run until nothing is left to do; then nothing contradicts anything."""
        self.come_to_rest()
        wrong = list(self.problems())
        assert not wrong, "\n".join(wrong)

    def problems(self) -> list[str]:
        core, wrong = [*self.dump("core"), *self.dump("enrollments")], []
        for session in self.sessions():
            key = f"ORG#{self.org_id}#SESSION#{session['session_id']}"
            people = [item for item in core if item["pk"] == key]
            line = {item["member_id"] for item in core if item["pk"] == f"{key}#LINE"}
            num_seated = sum(one["status"] in SEATED for one in people)
            waiting = {one["member_id"] for one in people if one["status"] == "waiting"}
            if (num_seated, len(waiting)) != (int(session["num_taken"]), int(session["num_waiting"])):
                wrong.append(f"the session counts {session['num_taken']} and {session['num_waiting']}, has {people}")
            if line != waiting:
                wrong.append(f"in line are {line}, waiting {waiting}")
            if "capacity" in session and num_seated > int(session["capacity"]):
                wrong.append(f"{num_seated} people have {session['capacity']} places")
            is_open = session["status"] == "open" and session["starts_utc"] > to_text(self.world.now)
            if is_open and waiting and num_seated < int(session["capacity"]):
                wrong.append(f"{waiting} wait although places are free")
        for one in self.participants():
            pointers = [
                item
                for item in core
                if item["pk"] == f"ORG#{self.org_id}#MEMBER#{one['member_id']}"
                and item["sk"].startswith("TRAINING#")
                and item["session_id"] == one["session_id"]
            ]
            if [item["participation_id"] for item in pointers] != [one["participation_id"]]:
                wrong.append(f"{one['member_id']} is not found by the person: {pointers}")
        dues = [item for item in self.dump("outbox") if item["pk"].startswith("DUE#")]
        overdue = [item["sk"] for item in dues if item["sk"] < to_text(self.world.now)]
        if overdue:
            wrong.append(f"still due: {overdue}")
        mails = Counter((mail["To"][0], mail["Subject"].split(":")[0]) for mail in self.sent())
        wrong += [f"{mail} went out {count} times" for mail, count in mails.items() if count > 1]
        return wrong
