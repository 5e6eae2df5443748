"""What an invitation costs, per person: invited by hand or by an upload, mailed, delivered, accepted and enrolled."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest import mock

from chalicelib import mailer as mail_jobs
from chalicelib.notifications import send_rate
from chalicelib.notifications.schemas import Wake
from chalicelib.people.invitations.schemas import MAX_BY_HAND
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.scenario import Scene

_NUM_ROWS = 500
_HEAD = "E-mail,First name,Last name,Groups,Department,Location"
_NUMBERS = count(1)
_MAX_CALLS = 30
_MAX_UNITS = 60


@dataclass(frozen=True)
class _Client:
    """A client with a group that has one course, and its admin."""

    scene: Scene
    org_id: str
    group_id: str
    admin: str

    @classmethod
    def new(cls, scene: Scene) -> "_Client":
        world, course = scene.world, scene.course_ids[0]
        org_id = world.org(scene.msp_id, courses=[course], subscription="active")
        return cls(scene, org_id, world.group(org_id, "Finance", [course]), world.org_admin(org_id))

    def post(self, path: str, status: int, *, as_: str = "", **sent: Any) -> Any:
        headers = {"Idempotency-Key": f"invitation {next(_NUMBERS)}", **sent.pop("headers", {})}
        answer = self.scene.world.post(path, as_ or self.admin, headers=headers, **sent)
        if answer.status != status:
            raise RuntimeError(f"{path} failed: {answer.text}")
        return answer.json

    def invite(self) -> dict[str, str]:
        """As many people as one request takes; addresses by member."""
        emails = [f"person{next(_NUMBERS)}@example.com" for _ in range(MAX_BY_HAND)]
        body = {"group_id": self.group_id, "emails": emails, "notify": "now"}
        invited = self.post(f"/orgs/{self.org_id}/invites", 201, body=body)["results"]
        return {one["member_id"]: one["email"] for one in invited}


@dataclass(frozen=True)
class _Step:
    """What one step cost, for so many people."""

    case: str
    tally: Tally
    number: int

    @property
    def calls(self) -> float:
        return self.tally.calls_to("dynamodb") / self.number

    @property
    def units(self) -> float:
        return self.tally.writes / self.number

    def figures(self) -> Iterator[Figure]:
        others = self.tally.calls.total() - self.tally.calls_to("dynamodb")
        yield Figure(f"An invitation, per person, {self.case}: DynamoDB calls", self.calls)
        yield Figure("    - calls of SQS, SES and S3", others / self.number)
        yield Figure("    - write units", self.units)
        yield Figure("    - read units", self.tally.reads / self.number)


def of_invitations(scene: Scene) -> Iterator[Figure]:
    client = _Client.new(scene)
    scene.meter.units = True
    scene.meter.take()
    people = client.invite()
    steps = [_Step("invited by hand, 10 at once", scene.meter.take(), len(people))]
    _send()
    steps.append(_Step("mailed, 10 by one mailer", scene.meter.take(), len(people)))
    _deliver_events(scene)
    steps.append(_Step("delivery noted", scene.meter.take(), len(people)))
    steps += _accepted(client, people)
    calls, units = sum(step.calls for step in steps), sum(step.units for step in steps)
    yield Figure(
        "P14: an invitation, from by hand to enrolled and welcomed, per person: DynamoDB calls", calls, _MAX_CALLS
    )
    yield Figure("    - write units", units, _MAX_UNITS)
    for step in steps:
        yield from step.figures()
    yield from _of_uploading(_Client.new(scene))
    scene.meter.units = False


def _accepted(client: _Client, people: dict[str, str]) -> list["_Step"]:
    """The first of a group makes the batch by which the others are enrolled, too; it is not counted."""
    scene = client.scene
    for number, (member_id, email) in enumerate(people.items()):
        account = scene.world.account(email)
        client.post(f"/me/invites/{client.org_id}.{member_id}/accept", 200, as_=account, body={})
        scene.work()
        if number == 0:
            scene.meter.take()
    accepted = _Step("accepted, and enrolled in the group's course", scene.meter.take(), len(people) - 1)
    _send()
    return [accepted, _Step("welcomed", scene.meter.take(), len(people))]


def _of_uploading(client: _Client) -> Iterator[Figure]:
    scene = client.scene
    rows = [f"row{number}@example.com,First,Last,Finance,," for number in range(_NUM_ROWS)]
    content = "\r\n".join([_HEAD, *rows]).encode()
    scene.meter.take()
    headers = {"Content-Type": "text/csv"}
    seen = client.post(f"/orgs/{client.org_id}/imports", 201, raw=content, headers=headers)
    yield from _Step("uploaded and judged, 500 rows", scene.meter.take(), _NUM_ROWS).figures()
    decided = f"/orgs/{client.org_id}/imports/{seen['import_id']}"
    client.post(f"{decided}/approve", 202, body={"notify": "now"})
    scene.work()
    tally = scene.meter.take()
    done = scene.world.get(decided, client.admin).json
    if (done["status"], done["num_invited"]) != ("done", _NUM_ROWS):
        raise RuntimeError(f"the upload is {done['status']}, with {done['num_invited']} invited")
    scene.meter.take()
    yield from _Step("approved and invited, 500 rows", tally, _NUM_ROWS).figures()


def _send() -> None:
    """One wake-up of the mailer, which sends all that waits."""
    # However slow this machine is, no slot is let go.
    with mock.patch.object(send_rate, "MAX_LATE", 60 * send_rate.MICROSECONDS):
        failed = mail_jobs.send({"Records": [{"messageId": "m", "body": json.dumps(Wake().body())}]})
    if failed["batchItemFailures"]:
        raise RuntimeError("the mailer failed; POWERTOOLS_LOG_LEVEL=ERROR tells why")


def _deliver_events(scene: Scene) -> None:
    """SES's events of every mail, one by one, as they come, with the mail's id."""
    mail_ids = [item["mail_id"] for item in scene.world.dump("outbox") if item["pk"].startswith("MAIL#")]
    scene.meter.take()
    for mail_id in mail_ids:
        headers = [{"name": "X-Muster-Mail", "value": mail_id}]
        event = {"notificationType": "Delivery", "mail": {"messageId": mail_id, "headers": headers}}
        mail_jobs.handle_delivery_events({"Records": [{"Sns": {"Message": json.dumps(event)}}]})
