"""Sending one mail, with a fault at every AWS call of the mailer: it is never sent twice and never lost silently.

If sending stops between claim and record, the mail is `unknown`, whether or not it was sent. Every other arrives.
"""

import json
from typing import Any

import pytest

from chalicelib import mailer as mail_jobs
from chalicelib.aws import clients, mailer
from chalicelib.core.settings import settings
from chalicelib.notifications import outbox, send_worker
from chalicelib.notifications.schemas import Wake
from tests.faults.injector import Injector, Killed
from tests.faults.kinds import DELETE, FAULTS_BY_OPERATION, GET, PUT, QUERY, UPDATE, Fault, pairs
from tests.harness import World
from tests.stories.mailbox import Mailbox

SES = "ses.SendRawEmail"

CALLS = [
    *(PUT, QUERY, QUERY),  # the worker's lease, the queues, the queued mails
    UPDATE,  # the claim
    *(GET, GET),  # recipient and facts
    UPDATE,  # a slot
    *(SES, UPDATE, DELETE),  # sent and recorded, and out of its queue
    *(DELETE, QUERY),  # no mail is left
    *(DELETE, QUERY),  # the lease is returned
]


@pytest.fixture
def mailbox(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    box = Mailbox(world)
    monkeypatch.setenv("MAIL_FROM", box.sender)
    # A worker goes on after a failure without a pause.
    monkeypatch.setattr(send_worker, "_FIRST_PAUSE", 0)
    settings.cache_clear()
    msp_id = world.msp()
    admin = world.msp_admin(msp_id)
    org_id = world.org(msp_id)
    answer = world.post(f"/orgs/{org_id}/admins", admin, {"email": "ann@example.com", "role": "org_admin"})
    assert answer.status == 201, answer.text
    world.messages("mail")
    return box


def _run(world: World) -> None:
    """One wake-up, as the queue delivers it; a process that dies returns nothing."""
    records = [{"messageId": "1", "body": json.dumps(Wake().body())}]
    try:
        mail_jobs.send({"Records": records}, clock=lambda: world.now, time=world.mail_time)
    except Killed:
        return


def _a_while_later(world: World, mailbox: Mailbox) -> None:
    """Leases of dead processes end, the sweep wakes workers, and stuck mails become unknown."""
    from datetime import timedelta

    for _ in range(3):
        for item in world.dump("outbox"):
            if item["sk"].startswith("WORKER#"):
                key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
                world.client("dynamodb").delete_item(TableName=world.stage.table_names["outbox"], Key=key)
        outbox.sweep(world.now)
        mailbox.send()
        world.now += timedelta(minutes=16)


def test_sending_one_mail_makes_these_calls(world: World, hook: Injector, mailbox: Mailbox) -> None:
    with hook.watched() as calls:
        _run(world)
    assert calls == CALLS
    assert mailbox.to() == ["ann@example.com"]


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_no_mail_is_sent_twice_whichever_call_fails(
    world: World, hook: Injector, mailbox: Mailbox, at: int, fault: Fault
) -> None:
    with hook.fault(at, fault):
        _run(world)
        assert hook.struck
    _a_while_later(world, mailbox)
    (item,) = mailbox.items()
    num_sent = len(mailbox.mails())
    assert num_sent <= 1
    assert item["state"] in (("sent", "unknown") if num_sent else ("unknown",))
    left = [entry["pk"] for entry in world.dump("outbox") if entry["pk"].startswith("QUEUE")]
    assert left == [], "no mail is queued for ever"
    if item["state"] == "unknown":
        assert 4 <= at <= 9, "only between claim and record can the outcome become unknown"


def test_the_table_of_faults_knows_the_mailer() -> None:
    assert {*CALLS} <= FAULTS_BY_OPERATION.keys()


def _answering(code: str, status: int, sentence: str) -> Any:
    from botocore.awsrequest import AWSResponse

    answer = {"Error": {"Code": code, "Message": sentence}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return lambda **_: (AWSResponse("", status, {}, None), answer)


@pytest.mark.parametrize(
    ("code", "status", "sentence", "state", "num_sent", "num_claims"),
    [
        ("Throttling", 400, "", "sent", 1, 4),
        ("AccountSendingPausedException", 400, "", "sent", 1, 4),
        ("AccessDenied", 403, "", "sent", 1, 4),
        ("ExpiredToken", 403, "", "sent", 1, 4),
        ("MessageRejected", 400, "Email address is not verified.", "sent", 1, 4),
        ("MessageRejected", 400, "The message contains a virus.", "failed", 0, 1),
        ("InternalFailure", 500, "", "unknown", 0, 1),
    ],
)
def test_the_answer_of_ses_decides_the_outcome(
    world: World,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    sentence: str,
    state: str,
    num_sent: int,
    num_claims: int,
) -> None:
    calls: list[int] = []

    def answer(**_: Any) -> Any:
        calls.append(1)
        return _answering(code, status, sentence)()

    # The mailer makes a client of its own, with the handlers that its session has then.
    monkeypatch.setattr(mailer, "fresh", clients.fresh)
    session, event = clients.session(), "before-call.ses.SendRawEmail"
    session.register(event, answer)
    try:
        _run(world)
    finally:
        session.unregister(event, answer)
    assert len(calls) == num_claims, "one for each claim: botocore does not repeat the call by itself"
    _a_while_later(world, mailbox)
    assert [item["state"] for item in mailbox.items()] == [state]
    assert len(mailbox.mails()) == num_sent
