"""What a live training costs: enrolling and inviting, per person; a session of 1,000 moved; an answer; the feed."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from chalicelib.training.sessions.calendars.feed_changes import SETTLED_AFTER
from tests.bench.figure import Figure
from tests.bench.invitations import _send
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

_NUM_PEOPLE = 1_000
# Of whom the mails are sent, too: this machine has a pace to keep, as SES has.
_NUM_MAILED = 10
_NUM_TRAININGS = 20
_NUMBERS = count(1)

# Calls and units: of enrolling a person, of telling them of a change, of mailing; calls of the feed.
_CALLS, _WRITES, _READS = 1.9, 10.0, 2.6
_MOVED_CALLS, _MOVED_WRITES, _MOVED_READS = 0.25, 3.2, 0.8
_KEPT_CALLS, _KEPT_READS = 1, 2.0
_MADE_CALLS, _MADE_READS, _MADE_WRITES = 5, 36.0, 6.0


class Client:
    """A client with people, its admin, and its trainings."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.org_id = scene.world.org(scene.msp_id)
        self.admin = scene.world.org_admin(self.org_id)

    def ask(self, method: str, path: str, body: Any = None, *, as_: str = "") -> Any:
        headers = {"Idempotency-Key": f"live {next(_NUMBERS)}"}
        answer = self.scene.world.request(method, path, as_=as_ or self.admin, body=body, headers=headers)
        if answer.status not in (200, 201, 202):
            raise RuntimeError(f"{path}: {answer.text}")
        return json.loads(answer.text) if answer.text.startswith("{") else answer.text

    def people(self, number: int) -> list[str]:
        mails = [f"live{next(_NUMBERS)}@example.com" for _ in range(number)]
        return [self.scene.world.member(self.org_id, email=mail) for mail in mails]

    def session(self) -> dict[str, str]:
        base = f"/orgs/{self.org_id}/trainings"
        training = self.ask("POST", base, {"title": f"Training {next(_NUMBERS)}"})["training_id"]
        form = {
            "starts_at": "2087-02-03T09:00", "ends_at": "2087-02-03T10:30", "time_zone": "Europe/Berlin", "place": "A",
        }  # fmt: skip
        session = self.ask("POST", f"{base}/{training}/sessions", form)["session_id"]
        return {"training_id": training, "session_id": session}

    def enroll(self, people: list[str], *items: dict[str, str]) -> None:
        body = {"member_ids": people, "items": list(items)}
        found = self.ask("POST", f"/orgs/{self.org_id}/trainings/enroll", body)
        self.scene.work()
        read = self.ask("GET", f"/orgs/{self.org_id}/trainings/enroll/{found['enroll_id']}")
        if read["status"] != "done" or any(row["result"] != "invited" for row in read["items"]):
            raise RuntimeError("not everybody was invited")


def of_live_trainings(scene: Scene) -> Iterator[Figure]:
    scene.meter.units = True
    yield from _of_mails(Client(scene))
    client = Client(scene)
    people, item = client.people(_NUM_PEOPLE), client.session()
    scene.meter.take()
    client.enroll(people, item)
    case = f"enrolled in a training and told, {_NUM_PEOPLE:,} people"
    yield from _per_person(case, scene.meter.take(), _NUM_PEOPLE, (_CALLS, _WRITES, _READS))
    path = f"/orgs/{client.org_id}/trainings/{item['training_id']}/sessions/{item['session_id']}"
    client.ask("PATCH", path, {"starts_at": "2087-02-04T09:00", "ends_at": "2087-02-04T10:30"})
    request = scene.meter.take()
    yield Figure("    moving the session: calls of the request", request.calls.total())
    scene.work()
    case = f"told that the session of {_NUM_PEOPLE:,} was moved"
    yield from _per_person(case, scene.meter.take(), _NUM_PEOPLE, (_MOVED_CALLS, _MOVED_WRITES, _MOVED_READS))
    yield from _of_the_feed(Client(scene))
    scene.meter.units = False


def _of_mails(client: Client) -> Iterator[Figure]:
    """First of all: no other mails wait."""
    scene = client.scene
    people, item = client.people(_NUM_MAILED), client.session()
    client.enroll(people, item)
    scene.meter.take()
    _send()
    yield from _per_person("mailed the invitation, 10 by one mailer", scene.meter.take(), _NUM_MAILED, None)


def _of_the_feed(client: Client) -> Iterator[Figure]:
    scene = client.scene
    account, member = scene.world.learner(client.org_id)
    client.enroll([member], *[client.session() for _ in range(_NUM_TRAININGS)])
    address = client.ask("POST", "/me/calendar", as_=account)["address"]
    path = "/calendar/" + address.rpartition("/")[2]
    # Until then it may still change, and is not kept.
    scene.world.now += SETTLED_AFTER
    scene.meter.take()
    text = client.ask("GET", path)
    made = scene.meter.take()
    again = client.ask("GET", path)
    kept = scene.meter.take()
    if again != text or text.count("BEGIN:VEVENT") != _NUM_TRAININGS:
        raise RuntimeError("the feed lacks trainings")
    case = f"the calendar feed of {_NUM_TRAININGS} trainings"
    yield Figure(f"    {case}, unchanged: calls", kept.calls.total(), _KEPT_CALLS)
    yield Figure("    - read units", kept.reads, _KEPT_READS)
    yield Figure(f"    {case}, made anew and kept: calls", made.calls.total(), _MADE_CALLS)
    yield Figure("    - read units", made.reads, _MADE_READS)
    yield Figure("    - write units", made.writes, _MADE_WRITES)


def _per_person(case: str, tally: Tally, number: int, reaches: tuple[float, float, float] | None) -> Iterator[Figure]:
    calls, writes, reads = reaches or (None,) * 3
    others = tally.calls.total() - tally.calls_to("dynamodb")
    yield Figure(f"Live trainings, per person, {case}: DynamoDB calls", tally.calls_to("dynamodb") / number, calls)
    yield Figure("    - calls of SQS and SES", others / number)
    yield Figure("    - write units", tally.writes / number, writes)
    yield Figure("    - read units", tally.reads / number, reads)
