"""The hook on the application's AWS clients, and a small world in which three people make a chunk."""

from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest
from botocore.retries import standard

from chalicelib.aws import bulk, clients, queues, table
from chalicelib.jobs import due
from chalicelib.jobs import models as due_models
from chalicelib.tenants.audit import log as audit
from chalicelib.training.batches import recipients, reconcile
from chalicelib.training.bulk_changes import reschedule_organization
from infra.cloud import Cloud
from tests.faults.harness import FaultHarness
from tests.faults.injector import Injector
from tests.harness import World


@pytest.fixture(scope="session")
def injector() -> Iterator[Injector]:
    injector = Injector()
    yield injector
    injector.close()


@pytest.fixture
def hook(cloud: Cloud, injector: Injector) -> Injector:
    """All clients have the hook: they are made anew only if they do not have it yet, which takes long."""
    if injector.session is not clients.session():
        clients.forget()
        injector.attach(clients.session())
    return injector


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and limits are so low that a handful of people meets them all."""
    no_waiting = SimpleNamespace(sleep=lambda seconds: None)
    for module in (botocore.endpoint, audit, bulk, table):
        monkeypatch.setattr(module, "time", no_waiting)
    # botocore gives up retrying after many failures in a row; here that would make tests depend on each other.
    monkeypatch.setattr(standard.quota.RetryQuota, "acquire", lambda quota, amount: True)
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
