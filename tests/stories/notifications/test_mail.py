"""R13, B6: a mail from its event to its outcome."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import worker
from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.settings import settings
from chalicelib.notifications import models, outbox, store
from chalicelib.notifications.models import Mail, MailClaim, QueuedMail, claim_pk, queue_pk, queue_shard
from chalicelib.notifications.states import DELIVERED
from tests.harness import World
from tests.stories.mailbox import Mailbox


@pytest.fixture
def mailbox(world: World, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    box = Mailbox(world)
    monkeypatch.setenv("MAIL_FROM", box.sender)
    settings.cache_clear()
    return box


@pytest.fixture
def org(world: World, admin: str) -> str:
    return world.org(_msp_of(world, admin), "Acme Industries", reply_to="training@acme.example")


@pytest.fixture
def admin(world: World) -> str:
    return world.msp_admin(world.msp())


def _msp_of(world: World, admin: str) -> str:
    return str(world.get("/me", admin).json["roles"][0]["msp_id"])


def _appoint(world: World, org: str, admin: str, email: str, **more: Any) -> Any:
    body = {"email": email, "role": "org_admin"}
    answer = world.post(f"/orgs/{org}/admins", admin, body, **more)
    assert answer.status == 201, answer.text
    return answer.json


def test_who_is_appointed_gets_a_mail_in_two_forms(world: World, admin: str, org: str, mailbox: Mailbox) -> None:
    _appoint(world, org, admin, "ann@example.com")
    assert mailbox.mails() == []
    mailbox.send()
    mail = mailbox.mails()[0]
    assert mail["To"] == ["ann@example.com"]
    assert mail["Subject"] == "You are now an organization admin of Acme Industries"
    assert "You are now an organization admin of Acme Industries" in mail["BodyText"]
    assert "<strong>Acme Industries</strong>" in mail["BodyHtml"]
    assert list(mailbox.states().values()) == ["sent"]


def test_a_delivery_event_is_recorded_and_may_come_twice(world: World, admin: str, org: str, mailbox: Mailbox) -> None:
    _appoint(world, org, admin, "ann@example.com")
    mailbox.send()
    events = mailbox.events()
    mailbox.deliver_events(events)
    assert list(mailbox.states().values()) == ["delivered"]
    mailbox.deliver_events(events)
    assert list(mailbox.states().values()) == ["delivered"]


def test_an_event_that_comes_before_the_message_id_is_recorded_is_kept(
    world: World, admin: str, org: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _appoint(world, org, admin, "ann@example.com")
    record_sent = store.record_sent

    def events_first(*args: Any) -> bool:
        mailbox.deliver_events()
        return record_sent(*args)

    monkeypatch.setattr(store, "record_sent", events_first)
    mailbox.send()
    assert list(mailbox.states().values()) == ["delivered"]


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("bounce@simulator.amazonses.com", "bounced"),
        ("complaint@simulator.amazonses.com", "complained"),
        ("suppressionlist@simulator.amazonses.com", "suppressed"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_bounces_and_complaints_outweigh_delivery_in_any_order(
    world: World, admin: str, org: str, mailbox: Mailbox, address: str, state: str, backwards: bool
) -> None:
    _appoint(world, org, admin, address)
    mailbox.send()
    events = mailbox.events()
    mailbox.deliver_events(events[::-1] if backwards else events)
    assert list(mailbox.states().values()) == [state]
    item = mailbox.items()[0]
    assert item["reason"]
    assert "@" not in item["reason"]


def test_the_same_request_twice_makes_one_mail(world: World, admin: str, org: str, mailbox: Mailbox) -> None:
    for _ in range(2):
        _appoint(world, org, admin, "ann@example.com", headers={"Idempotency-Key": "one"})
        world.lose_answers()
    mailbox.send()
    assert mailbox.to() == ["ann@example.com"]


def test_wake_ups_that_come_twice_send_nothing_twice(world: World, admin: str, org: str, mailbox: Mailbox) -> None:
    _appoint(world, org, admin, "ann@example.com")
    _appoint(world, org, admin, "bob@example.com")
    outbox.wake()
    mailbox.send()
    outbox.wake()
    mailbox.send()
    assert mailbox.to() == ["ann@example.com", "bob@example.com"]


def test_a_lost_wake_up_costs_a_minute(world: World, admin: str, org: str, mailbox: Mailbox) -> None:
    _appoint(world, org, admin, "ann@example.com")
    world.messages("mail")
    assert mailbox.send() == 0
    outbox.sweep(world.now)
    mailbox.send()
    assert mailbox.to() == ["ann@example.com"]


def test_an_admin_who_is_removed_before_the_mail_goes_gets_none(
    world: World, admin: str, org: str, mailbox: Mailbox
) -> None:
    appointed = _appoint(world, org, admin, "ann@example.com")
    assert world.delete(f"/orgs/{org}/admins/{appointed['account_id']}", admin).status == 204
    mailbox.send()
    assert mailbox.mails() == []
    assert [(item["state"], item["reason"]) for item in mailbox.items()] == [("suppressed", "removed_meanwhile")]


def test_a_process_that_dies_with_a_claimed_mail_leaves_it_unknown_and_nobody_sends_it_again(
    world: World, admin: str, org: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _appoint(world, org, admin, "ann@example.com")
    _kill_after_sending(mailbox, monkeypatch)
    assert list(mailbox.states().values()) == ["sending"]
    # Until news of it can come no more, a worker that meets it passes it over, and does not wake the next one for it.
    outbox.sweep(world.now)
    assert mailbox.send() == 1
    assert list(mailbox.states().values()) == ["sending"]
    world.now += timedelta(minutes=16)
    outbox.sweep(world.now)
    mailbox.send()
    assert _queued(world) == []
    assert [(item["state"], item["reason"]) for item in mailbox.items()] == [("unknown", "no_answer")]
    assert len(mailbox.mails()) == 1


@pytest.mark.parametrize("after_the_sweep", [False, True])
def test_an_event_that_names_the_mail_in_its_headers_gives_the_outcome_of_a_stuck_mail(
    world: World, admin: str, org: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, after_the_sweep: bool
) -> None:
    _appoint(world, org, admin, "ann@example.com")
    _kill_after_sending(mailbox, monkeypatch)
    mail_id = mailbox.items()[0]["mail_id"]
    events = mailbox.events()
    for record in events:
        _add_header(record, "X-Muster-Mail", mail_id)
    if after_the_sweep:
        world.now += timedelta(minutes=16)
        outbox.sweep(world.now)
        mailbox.send()
        assert mailbox.states() == {mail_id: "unknown"}
    mailbox.deliver_events(events)
    assert mailbox.states() == {mail_id: "delivered"}
    outbox.sweep(world.now)
    mailbox.send()
    assert _queued(world) == []


def test_a_mail_that_waits_behind_one_in_doubt_is_sent(
    world: World, admin: str, org: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All in one place.
    monkeypatch.setattr(models, "NUM_QUEUE_SHARDS", 1)
    _appoint(world, org, admin, "ann@example.com")
    _kill_after_sending(mailbox, monkeypatch)
    _appoint(world, org, admin, "bob@example.com")
    mailbox.send()
    assert sorted(mailbox.states().values()) == ["sending", "sent"]
    assert mailbox.to() == ["ann@example.com", "bob@example.com"]


@pytest.mark.parametrize("state", ["unknown", "delivered"])
def test_a_mail_that_an_earlier_version_took_out_of_its_queue_becomes_unknown_without_an_outcome(
    world: World, admin: str, org: str, mailbox: Mailbox, state: str
) -> None:
    """That version kept a claim for it instead."""
    _appoint(world, org, admin, "ann@example.com")
    (mail_id,) = mailbox.states()
    (queue,) = store.open_queues()
    entry = QueuedMail(queue_pk(queue, queue_shard(mail_id)), mail_id, mail_id=mail_id, queue=queue)
    assert isinstance(store.claim(entry, "attempt", world.now), Mail)
    claim = MailClaim(claim_pk(3), f"{to_text(world.now)}#{mail_id}", mail_id=mail_id)
    table.transact([Write("delete", entry), Write("put", claim)])
    worker.sweep(lambda: world.now)
    assert mailbox.states() == {mail_id: "sending"}
    if state == "delivered":
        store.record(mail_id, DELIVERED)
    world.now += timedelta(minutes=16)
    worker.sweep(lambda: world.now)
    assert mailbox.states() == {mail_id: state}
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("CLAIMED#")]


def _queued(world: World) -> list[str]:
    return [item["sk"] for item in world.dump("outbox") if item["pk"].startswith("QUEUE")]


def _kill_after_sending(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed()

    with monkeypatch.context() as patch:
        patch.setattr(store, "record_sent", die)
        with pytest.raises(Killed):
            mailbox.send()


def _add_header(record: dict[str, Any], name: str, value: str) -> None:
    import json

    message = json.loads(record["Sns"]["Message"])
    message["mail"]["headers"] = [{"name": "Subject", "value": "x"}, {"name": name, "value": value}]
    record["Sns"]["Message"] = json.dumps(message)
