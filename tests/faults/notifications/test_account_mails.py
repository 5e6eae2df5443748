"""The mails of a change of address, with a fault at every call of sending them: one of each, and its code counts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.notifications import outbox, send_worker
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector, Killed
from tests.faults.kinds import DELETE, GET, QUERY, TRANSACT, UPDATE, Fault, pairs
from tests.faults.notifications.test_mail import SES
from tests.faults.routes.scene import LEARNER, Scene, table_request, tenant
from tests.harness import World
from tests.stories.inbox import code_in

NEW = "new@example.com"
# Read, and for the code its hash kept; a slot, at the second try, for other mails went just before; sent and recorded.
# What comes before and after is every mail's.
CODE = [GET, TRANSACT, UPDATE, UPDATE, SES, UPDATE, DELETE]
TOLD = [GET, UPDATE, UPDATE, SES, UPDATE, DELETE]
_BEFORE, _AFTER = 4, [DELETE, QUERY, DELETE, QUERY]


@pytest.fixture
def scene(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Scene:
    # A worker goes on after a failure without a pause.
    monkeypatch.setattr(send_worker, "_FIRST_PAUSE", 0)
    return Scene(world, hook, monkeypatch)


def _asked(scene: Scene) -> str:
    """The code's mail is queued. Gives the account."""
    made = scene.begin(tenant)
    assert scene.ask(table_request(made, "POST /me/email", "ask")).status == 202
    return str(made.learner)


def _changed(scene: Scene) -> str:
    """The mail to the old address is queued."""
    account = _asked(scene)
    assert scene.ask(_confirm(account, code_in(scene.mails()[-1]))).status == 200
    return account


def _confirm(account: str, code: str) -> Request:
    return Request("POST", "/me/email/confirm", account, {"code": code})


def _wake(scene: Scene) -> list[str]:
    """One wake-up of the mailer: the calls that it made."""
    with suppress(Killed):
        scene.wake()
    return scene.injector.calls


def _rest(scene: Scene) -> None:
    """Leases of dead processes end, sweeps wake the mailer, and stuck mails become unknown."""
    table = scene.world.stage.table_names["outbox"]
    for _ in range(3):
        for item in scene.world.dump("outbox"):
            if item["sk"].startswith("WORKER#"):
                key = {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}
                scene.world.client("dynamodb").delete_item(TableName=table, Key=key)
        outbox.sweep(scene.world.now)
        scene.mails()
        scene.world.now += timedelta(minutes=16)


def _broken(scene: Scene, kind: str, at: int, fault: Fault) -> list[str]:
    """The texts that went out: of one mail at most, and of one unless nobody knows what became of it."""
    num_before = len(scene.sent())
    with scene.injector.fault(_BEFORE + at, fault):
        _wake(scene)
    assert scene.injector.struck
    _rest(scene)
    outbox_items = scene.world.dump("outbox")
    (mail,) = [item for item in outbox_items if item["pk"].startswith("MAIL#") and item["kind"] == kind]
    assert mail["state"] in ("sent", "unknown")
    assert not [item for item in outbox_items if item["pk"].startswith(("QUEUE#", "CLAIMED#"))]
    mails = scene.sent()[num_before:]
    assert len(mails) <= 1
    assert mails or mail["state"] == "unknown"
    assert all(one["To"] == [NEW if kind == "email_code" else LEARNER] for one in mails)
    return [one["BodyText"] for one in mails]


@pytest.mark.parametrize(("build", "calls"), [(_asked, CODE), (_changed, TOLD)])
def test_the_mails_of_a_change_of_address_make_these_calls(
    scene: Scene, build: Callable[[Scene], str], calls: list[str]
) -> None:
    build(scene)
    with scene.injector.watched():
        made = _wake(scene)
    assert made[_BEFORE:] == [*calls, *_AFTER]


@pytest.mark.parametrize(("at", "fault"), pairs(CODE))
def test_one_code_is_mailed_at_most_and_it_counts(scene: Scene, at: int, fault: Fault) -> None:
    account = _asked(scene)
    texts = _broken(scene, "email_code", at, fault)
    # The code is good for half an hour: what was mailed first is as old as that by now.
    scene.world.now -= timedelta(minutes=3 * 16)
    if texts:
        assert scene.ask(_confirm(account, code_in({"BodyText": texts[0]}))).status == 200


@pytest.mark.parametrize(("at", "fault"), pairs(TOLD))
def test_the_old_address_is_told_once_at_most(scene: Scene, at: int, fault: Fault) -> None:
    _changed(scene)
    assert all(NEW not in text for text in _broken(scene, "email_changed", at, fault))
