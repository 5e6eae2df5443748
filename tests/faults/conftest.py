"""The hook on the application's AWS clients, and a small world in which three people make a chunk."""

import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest
from botocore.retries import standard

from chalicelib.aws import bulk, clients, queues, table
from chalicelib.core.clock import utc_now
from chalicelib.core.settings import settings
from chalicelib.jobs import due
from chalicelib.jobs import models as due_models
from chalicelib.notifications import send_rate
from chalicelib.tenants.audit import log as audit
from chalicelib.training.batches import recipients, reconcile
from chalicelib.training.bulk_changes import reschedule_organization
from chalicelib.web import routing as http
from infra.cloud import Cloud
from tests.cloud_fixture import TABLES, Stage, aws, drop_stage, new_stage, resources
from tests.faults.harness import FaultHarness
from tests.faults.injector import Injector
from tests.harness import World

_TABLE_KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


@pytest.fixture(scope="module")
def hook(cloud: Cloud) -> Iterator[Injector]:
    """New clients for this file, all of them with the hook."""
    clients.forget()
    injector = Injector()
    injector.attach(clients.session())
    yield injector
    injector.close()
    clients.forget()


@pytest.fixture(scope="module")
def ground(cloud: Cloud) -> Iterator[Stage]:
    """What tests do not change, and can share."""
    stage = new_stage(cloud)
    yield stage
    drop_stage(cloud, stage)


@pytest.fixture
def world(cloud: Cloud, ground: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty Muster with all that it fills. Nothing is dropped at the end, for these tests are many.

    The local cloud does not outlive them.
    """
    stage = _stage_on(cloud, ground)
    for name, value in stage.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    made = World(cloud, stage)
    http.clock[0] = lambda: made.now
    yield made
    http.clock[0] = utc_now
    settings.cache_clear()


def _stage_on(cloud: Cloud, ground: Stage) -> Stage:
    suffix = uuid.uuid4().hex[:12]
    names = {short: f"{short}-{suffix}" for short in TABLES}
    for short, name in names.items():
        described = resources()[TABLES[short]]["Properties"]
        chosen = {key: described[key] for key in _TABLE_KEYS if key in described}
        aws(cloud, "dynamodb").create_table(TableName=name, **chosen)
    queues = {
        short: str(aws(cloud, "sqs").create_queue(QueueName=f"{short}-{suffix}")["QueueUrl"])
        for short in ground.queue_urls
    }
    aws(cloud, "s3").create_bucket(Bucket=f"files-{suffix}")
    aws(cloud, "scheduler").create_schedule_group(Name=f"group-{suffix}")
    own = {f"{short.upper()}_TABLE": name for short, name in names.items()}
    own |= {f"{short.upper()}_QUEUE_URL": url for short, url in queues.items()}
    own |= {"SCHEDULE_GROUP": f"group-{suffix}", "FILES_BUCKET": f"files-{suffix}"}
    return Stage(names, queues, {**ground.environment, **own})


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
    # The mailer's slots run by the machine's clock: a slow machine would miss one, and make its calls again.
    monkeypatch.setattr(send_rate, "MAX_LATE", send_rate.MAX_LATE * 1_000_000)
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
