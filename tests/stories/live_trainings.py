"""An organization with live trainings, its admin, its people, and their mailbox."""

import base64
import email
import re
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import icalendar
import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox

_TOKEN = re.compile(r"/rsvp/([0-9a-z]+)")


class LiveTrainings:
    def __init__(self, world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.driver = world, driver
        self.mailbox = Mailbox(world)
        self.mailbox.is_this_world_s(monkeypatch)
        self.org = world.org(driver.msp, "Acme Industries")
        self.admin = world.org_admin(self.org)
        self.base = f"/orgs/{self.org}/trainings"
        self._num_keys = 0

    # ------------------------------------------------------------ admins

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, key: str | None = None) -> Any:
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"live {self._num_keys}"}
        answer = self.world.request(method, self.base + path, as_=self.admin, body=body, headers=headers)
        assert answer.status == status, answer.text
        return answer.json

    def training(self, title: str = "First aid", **fields: Any) -> str:
        return str(self.ask("POST", "", {"title": title, **fields}, 201)["training_id"])

    def session(self, training: str, **fields: Any) -> str:
        form = {
            "starts_at": "2027-02-01T09:00", "ends_at": "2027-02-01T10:30", "time_zone": "Europe/Berlin",
            "place": "Room 1", **fields,
        }  # fmt: skip
        return str(self.ask("POST", f"/{training}/sessions", form, 201)["session_id"])

    def one(self, **fields: Any) -> tuple[str, str]:
        """A training with one session."""
        training = self.training()
        return training, self.session(training, **fields)

    def read(self, training: str, session: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/{training}/sessions/{session}"))

    def patch(self, training: str, session: str, status: int = 200, **fields: Any) -> dict[str, Any]:
        return dict(self.ask("PATCH", f"/{training}/sessions/{session}", fields, status))

    def enroll(self, members: list[str], *pairs: tuple[str, str], work: bool = True, **more: Any) -> str:
        items = [{"training_id": training, "session_id": session} for training, session in pairs]
        answer = self.ask("POST", "/enroll", {"member_ids": members, "items": items, **more}, 202)
        if work:
            self.driver.work()
        return str(answer["enroll_id"])

    def results(self, enroll_id: str) -> list[dict[str, Any]]:
        return self.world.every(f"{self.base}/enroll/{enroll_id}", self.admin)

    def outcomes(self, enroll_id: str) -> list[str]:
        return [row["code"] for row in self.results(enroll_id)]

    def participants(self, training: str, query: str = "") -> list[dict[str, Any]]:
        return self.world.every(f"{self.base}/{training}/participants" + (f"?{query}" if query else ""), self.admin)

    def sound(self, session: str) -> None:
        """The counters are those of the people, the line is that of those who wait, nobody is over the capacity."""
        items = self.world.dump("core")
        (read,) = [item for item in items if item["sk"] == f"SESSION#{session}"]
        people = [item for item in items if item["pk"] == f"ORG#{self.org}#SESSION#{session}"]
        line = {item["member_id"] for item in items if item["pk"] == f"ORG#{self.org}#SESSION#{session}#LINE"}
        seated = [one for one in people if one["status"] in ("invited", "confirmed", "attended", "absent")]
        waiting = {one["member_id"] for one in people if one["status"] == "waiting"}
        assert (int(read["num_taken"]), int(read["num_waiting"])) == (len(seated), len(waiting))
        assert line == waiting
        assert read.get("capacity") is None or len(seated) <= int(read["capacity"])

    # ------------------------------------------------------------ people

    def person(self, address: str | None, **fields: Any) -> str:
        return self.world.member(self.org, email=address, **fields)

    def send(self) -> None:
        self.mailbox.send()

    def mails(self, address: str) -> list[dict[str, Any]]:
        """Oldest first, with what is in the calendar part."""
        return [mail for mail in self.mailbox.mails() if address in mail["To"]]

    def subjects(self, address: str) -> list[str]:
        return [mail["Subject"] for mail in self.mails(address)]

    def message(self, address: str, number: int = -1) -> EmailMessage:
        """A mail as it went out."""
        raw = base64.b64decode(self.mails(address)[number]["Raw"])
        parsed = email.message_from_bytes(raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def event(self, address: str, number: int = -1) -> tuple[str, icalendar.Event]:
        """METHOD and event of the calendar part of a mail."""
        return event_in(self.calendar(address, number))

    def calendar(self, address: str, number: int = -1) -> str:
        part = next(part for part in self.message(address, number).walk() if part.get_content_type() == "text/calendar")
        return str(part.get_payload(decode=True).decode())  # type: ignore[union-attr]

    def token(self, address: str) -> str:
        found = _TOKEN.search(self.mails(address)[-1]["BodyText"])
        assert found
        return found[1]

    def answer(self, address: str, answer: str) -> Answer:
        """By the link in the latest mail."""
        return self.world.submit(f"/rsvp/{self.token(address)}", {"answer": answer})

    def later(self, **time: float) -> None:
        self.world.now += timedelta(**time)


def event_in(text: str) -> tuple[str, icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event
