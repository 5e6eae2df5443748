"""Muster on DynamoDB Local: clients with rosters, launches as requests, and their whole fan-out in this process."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from chalicelib import worker as jobs
from chalicelib.aws import loading
from chalicelib.core.clock import utc_now
from chalicelib.core.ids import new_id
from chalicelib.core.settings import settings
from chalicelib.jobs import sweep
from chalicelib.jobs.sweep import OVERDUE_GRACE
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.rollouts.schemas import MAX_COURSES
from chalicelib.web import routing as http
from infra.cloud import ACCOUNT_ID, Cloud
from infra.dynamodb_local import dynamodb_local
from tests.bench.meter import Meter, metered
from tests.cloud_fixture import TABLES, Stage, resources
from tests.harness import World

_TABLE_KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
# Messages that the worker takes at once, as app.py has it.
BATCH_SIZE = 5
_NUMBERS = count(1)
MAIL_JOB = str(MailRow.model_fields["job"].default)
_SWEPT_AFTER = OVERDUE_GRACE + timedelta(minutes=1)


class Scene:
    """One MSP with an admin, and what is done in its name."""

    def __init__(self, cloud: Cloud, stage: Stage, meter: Meter) -> None:
        self.cloud = cloud
        self.stage = stage
        self.meter = meter
        self.world = World(cloud, stage)
        self.msp_id = self.world.msp()
        self.admin = self.world.msp_admin(self.msp_id)
        self.course_ids = [self.world.course(self.msp_id) for _ in range(MAX_COURSES)]

    def client(self, num_learners: int, seats: int = 0) -> str:
        """A client that may use every course. Of its learners there is the roster, all that a fan-out reads.

        `seats` limits those of each course; 0 is as many as wanted.
        """
        org_id = self.world.org(self.msp_id, courses=self.course_ids)
        seats_by_course = dict.fromkeys(self.course_ids, seats)
        loading.put_all([Entitlements(org_pk(org_id), ENTITLEMENTS_SK, seats_by_course=seats_by_course)])
        loading.put_all(
            RosterEntry(learners_pk(org_id), member_sk(new_id(self.world.now)), status=MemberStatus.ACTIVE.value)
            for _ in range(num_learners)
        )
        return org_id

    def launch(self, org_ids: Sequence[str], num_courses: int = 1, *, mails: bool = False) -> None:
        """One request, as API Gateway hands it over. Its jobs wait in `meter.sent`."""
        body = {
            "name": "Security basics",
            "org_ids": list(org_ids),
            "courses": [
                {"course_id": course_id, "due_by": "2027-03-01"} for course_id in self.course_ids[:num_courses]
            ],
            "notifications": {"enrollment": mails},
        }
        headers = {"Idempotency-Key": f"key-{next(_NUMBERS)}"}
        answer = self.world.post("/msp/training/enrollment", self.admin, body, headers=headers)
        if answer.status != 202 or not all(result["ok"] for result in answer.json["results"]):
            raise RuntimeError(f"the launch failed: {answer.text}")

    def work(self, *, mails: bool = False) -> None:
        """Run jobs until none is left, five messages a call. Jobs that make mails wait unless they are wanted."""
        waiting = self.meter.sent
        held_back: list[dict[str, Any]] = []
        while True:
            if not mails:
                held_back += [body for body in waiting if body["job"] == MAIL_JOB]
                for body in [body for body in waiting if body["job"] == MAIL_JOB]:
                    waiting.remove(body)
            if not waiting:
                break
            taken = [waiting.popleft() for _ in range(min(BATCH_SIZE, len(waiting)))]
            answer = jobs.work({"Records": [record(body) for body in taken]}, lambda: self.world.now)
            if answer["batchItemFailures"]:
                raise RuntimeError("a job failed; POWERTOOLS_LOG_LEVEL=ERROR tells why")
        waiting.extend(held_back)

    def work_one(self) -> None:
        """The next message alone."""
        answer = jobs.work({"Records": [record(self.meter.sent.popleft())]}, lambda: self.world.now)
        if answer["batchItemFailures"]:
            raise RuntimeError("a job failed; POWERTOOLS_LOG_LEVEL=ERROR tells why")

    def roll_out(self, org_id: str, *, mails: bool = False) -> None:
        """One course for everybody at one client: launch, client job, chunks, end of the row."""
        self.launch([org_id], mails=mails)
        self.work()

    def make_mails(self) -> None:
        """What follows a rollout with mails: one for each learner, ready to be sent."""
        if not self.meter.sent:
            self.world.now += _SWEPT_AFTER
            sweep.sweep(self.world.now)
        self.work(mails=True)

    def num_mails(self) -> int:
        pages = self.cloud.client("dynamodb").get_paginator("scan")
        found = pages.paginate(
            TableName=self.stage.table_names["outbox"],
            Select="COUNT",
            FilterExpression="begins_with(pk, :mail)",
            ExpressionAttributeValues={":mail": {"S": "MAIL#"}},
        )
        return sum(page["Count"] for page in found)

    def enrollments(self) -> list[dict[str, Any]]:
        """All of them, as DynamoDB JSON."""
        pages = self.cloud.client("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.stage.table_names["enrollments"])
        return [item for page in found for item in page["Items"]]

    def forget_enrollments(self) -> None:
        """An empty table, so that the same course can be rolled out to the same learners again."""
        name = self.stage.table_names["enrollments"]
        self.cloud.client("dynamodb").delete_table(TableName=name)
        make_table(self.cloud, "enrollments", name)


def record(body: dict[str, Any]) -> dict[str, Any]:
    return {"messageId": "m", "body": json.dumps(body), "attributes": {"ApproximateReceiveCount": "1"}}


@contextmanager
def scene(home: Path) -> Iterator[Scene]:
    """An empty Muster on DynamoDB Local. SQS and Scheduler are counted and answered in this process."""
    with dynamodb_local(home) as cloud:
        stage = _stage(cloud)
        kept = dict(os.environ)
        os.environ.update(stage.environment)
        settings.cache_clear()
        try:
            meter = Meter(stub_queues=True, index_keys={stage.table_names["enrollments"]: ["row_shard"]})
            with metered(meter):
                made = Scene(cloud, stage, meter)
                http.clock[0] = lambda: made.world.now
                yield made
        finally:
            http.clock[0] = utc_now
            os.environ.clear()
            os.environ.update(kept)
            settings.cache_clear()


def make_table(cloud: Cloud, short: str, name: str) -> None:
    """A table as infra/resources.yaml has it."""
    properties = resources()[TABLES[short]]["Properties"]
    chosen = {key: properties[key] for key in _TABLE_KEYS if key in properties}
    cloud.client("dynamodb").create_table(TableName=name, **chosen)


def _stage(cloud: Cloud) -> Stage:
    tables = {short: f"bench-{short}" for short in TABLES}
    for short, name in tables.items():
        make_table(cloud, short, name)
    environment = {
        "STAGE": "bench",
        **{f"{short.upper()}_TABLE": name for short, name in tables.items()},
        "JOBS_QUEUE_URL": f"{cloud.endpoint}/{ACCOUNT_ID}/jobs",
        "JOBS_QUEUE_ARN": f"arn:aws:sqs:{cloud.region}:{ACCOUNT_ID}:jobs",
        "MAIL_QUEUE_URL": f"{cloud.endpoint}/{ACCOUNT_ID}/mail",
        "SCHEDULE_GROUP": "bench",
        "SCHEDULER_ROLE_ARN": f"arn:aws:iam::{ACCOUNT_ID}:role/scheduler",
        "USER_POOL_ID": "bench",
        "USER_POOL_CLIENT_ID": "bench",
        "PUBLIC_URL": "https://bench.example",
        "FILES_BUCKET": "bench",
        "MAIL_FROM": "training@muster.example",
        "MAIL_CONFIGURATION_SET": "bench",
        "POWERTOOLS_LOG_LEVEL": os.environ.get("POWERTOOLS_LOG_LEVEL", "CRITICAL"),
        "AWS_ENDPOINT_URL": str(cloud.endpoint),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": cloud.region,
    }
    return Stage(tables, {}, environment)
