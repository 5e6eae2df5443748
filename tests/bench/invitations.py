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


def of_invitations(scene: Scene) -> Iterator[Figure]:
    client = _Client.new(scene)
    scene.meter.units = True
    scene.meter.take()
    people = client.invite()
    yield from _per_person("invited by hand, 10 at once", scene.meter.take(), len(people))
    _send()
    yield from _per_person("mailed, 10 by one mailer", scene.meter.take(), len(people))
    _deliver_events(scene)
    yield from _per_person("delivery noted", scene.meter.take(), len(people))
    yield from _of_accepting(client, people)
    yield from _of_uploading(_Client.new(scene))
    scene.meter.units = False


def _of_accepting(client: _Client, people: dict[str, str]) -> Iterator[Figure]:
    """The first of a group makes the batch by which the others are enrolled, too; it is not counted."""
    scene = client.scene
    for number, (member_id, email) in enumerate(people.items()):
        account = scene.world.account(email)
        client.post(f"/me/invites/{client.org_id}.{member_id}/accept", 200, as_=account, body={})
        scene.work()
        if number == 0:
            scene.meter.take()
    yield from _per_person("accepted, and enrolled in the group's course", scene.meter.take(), len(people) - 1)
    _send()
    yield from _per_person("welcomed", scene.meter.take(), len(people))


def _of_uploading(client: _Client) -> Iterator[Figure]:
    scene = client.scene
    rows = [f"row{number}@example.com,First,Last,Finance,," for number in range(_NUM_ROWS)]
    content = "\r\n".join([_HEAD, *rows]).encode()
    scene.meter.take()
    headers = {"Content-Type": "text/csv"}
    seen = client.post(f"/orgs/{client.org_id}/imports", 201, raw=content, headers=headers)
    yield from _per_person("uploaded and judged, 500 rows", scene.meter.take(), _NUM_ROWS)
    decided = f"/orgs/{client.org_id}/imports/{seen['import_id']}"
    client.post(f"{decided}/approve", 202, body={"notify": "now"})
    scene.work()
    tally = scene.meter.take()
    done = scene.world.get(decided, client.admin).json
    if (done["status"], done["num_invited"]) != ("done", _NUM_ROWS):
        raise RuntimeError(f"the upload is {done['status']}, with {done['num_invited']} invited")
    scene.meter.take()
    yield from _per_person("approved and invited, 500 rows", tally, _NUM_ROWS)


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


def _per_person(case: str, tally: Tally, number: int) -> Iterator[Figure]:
    others = tally.calls.total() - tally.calls_to("dynamodb")
    yield Figure(f"An invitation, per person, {case}: DynamoDB calls", tally.calls_to("dynamodb") / number)
    yield Figure("    - calls of SQS, SES and S3", others / number)
    yield Figure("    - write units", tally.writes / number)
    yield Figure("    - read units", tally.reads / number)
