"""The hook on the application's AWS clients, and a small world in which three people make a chunk."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import botocore.endpoint
import pytest
from botocore.retries import standard

from chalicelib.aws import bulk, clients, mailer, queues, table
from chalicelib.jobs import due
from chalicelib.jobs import models as due_models
from chalicelib.tenants.audit import log as audit
from chalicelib.training.batches import recipients, reconcile
from chalicelib.training.bulk_changes import reschedule_organization
from infra.cloud import Cloud
from tests.faults.chance import chance
from tests.faults.harness import FaultHarness
from tests.faults.injector import Injector
from tests.faults.known_ends import known_ends
from tests.faults.near import near
from tests.gateway import Answer
from tests.harness import World
from tests.stories.mailbox import Mailbox


@pytest.fixture(scope="session")
def injector() -> Iterator[Injector]:
    injector = Injector()
    yield injector
    injector.close()


_asked, _sent, _read = World.request, Mailbox.send, Mailbox.mails


def _request(world: World, method: str, path: str, **more: Any) -> Answer:
    step = ("request", method, path, sorted(more.items()))
    return known_ends.lead(world, step, lambda: _asked(world, method, path, **more))


def _send(mailbox: Mailbox) -> int:
    return known_ends.lead(mailbox.world, ("send",), lambda: _sent(mailbox))


def _mails(mailbox: Mailbox) -> list[dict[str, Any]]:
    return known_ends.seen(mailbox.world, f"mails from {mailbox.sender}", lambda: _read(mailbox))


@pytest.fixture(autouse=True)
def _alike(injector: Injector, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cases that come to an equal state go on alike, which is led once (tests/faults/known_ends.py)."""
    with pytest.MonkeyPatch.context() as around:
        chance.install(around)
        around.setattr(World, "request", _request)
        around.setattr(Mailbox, "send", _send)
        around.setattr(Mailbox, "mails", _mails)
        known_ends.begin_case(injector, monkeypatch)
        yield
        known_ends.end_case()


@pytest.fixture(scope="module", autouse=True)
def _room() -> Iterator[None]:
    """What is known from one file is of little use to another."""
    yield
    known_ends.forget()


class _NoWaiting:
    """In place of the module `time`."""

    @staticmethod
    def sleep(seconds: float) -> None:
        """No time passes."""


def _always(quota: Any, amount: int) -> bool:
    return True


@lru_cache(maxsize=1)
def _ses_of(session: Any) -> Any:
    return clients.fresh("ses")


def _one_ses_client(service: str) -> Any:
    """A client takes as long as half a test, and in this process no connection is frozen."""
    assert service == "ses"
    return _ses_of(clients.session())


@pytest.fixture(scope="module")
def _near(cloud: Cloud) -> Iterator[None]:
    with near(cloud):
        yield


@pytest.fixture
def hook(cloud: Cloud, injector: Injector, _near: None) -> Injector:
    """All clients have the hook: they are made anew only if they do not have it yet, which takes long."""
    if injector.session is not clients.session():
        clients.forget()
        injector.attach(clients.session())
    return injector


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and limits are so low that a handful of people meets them all."""
    for module in (botocore.endpoint, audit, bulk, table):
        monkeypatch.setattr(module, "time", _NoWaiting)
    monkeypatch.setattr(mailer, "fresh", _one_ses_client)
    # botocore gives up retrying after many failures in a row; here that would make tests depend on each other.
    monkeypatch.setattr(standard.quota.RetryQuota, "acquire", _always)
    # Plays set this themselves; here is what brings it back.
    monkeypatch.setattr(recipients.partition_of, "__defaults__", recipients.partition_of.__defaults__)
    monkeypatch.setattr(bulk, "PER_CALL", 2)
    monkeypatch.setattr(queues, "_PER_CALL", 2)
    for module in (reconcile, reschedule_organization):
        monkeypatch.setattr(module, "_ROWS_AT_ONCE", 1)
    # One shard of due entries, so that a sweep makes the same calls whatever the ids are.
    for module in (due, due_models):
        monkeypatch.setattr(module, "NUM_DUE_SHARDS", 1)


@pytest.fixture
def play(world: World, hook: Injector, small: None) -> FaultHarness:
    return FaultHarness(world, hook)
