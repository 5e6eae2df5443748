"""Fresh tables, queues, schedules, accounts and files on the local cloud, as infra/resources.yaml has them."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from infra.cloud import ACCOUNT_ID, Cloud
from infra.packaging import TEMPLATE_PARTS

INFRA = Path(__file__).parent.parent / "infra"
TABLES = {"core": "CoreTable", "enrollments": "EnrollmentsTable", "outbox": "OutboxTable"}

_TABLE_KEYS = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
_POOL_KEYS = ("AliasAttributes", "AutoVerifiedAttributes", "UsernameConfiguration", "Policies", "UserPoolTier")
_CLIENT_KEYS = (
    *("ClientName", "GenerateSecret", "ExplicitAuthFlows", "PreventUserExistenceErrors"),
    *("AuthSessionValidity", "WriteAttributes"),
)


class _Loader(yaml.SafeLoader):
    """Reads a template; CloudFormation's tags (!Ref, !GetAtt, !If) become None."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


@lru_cache(maxsize=2)
def resources(part: str = "resources.yaml") -> dict[str, Any]:
    """What one of the template's parts says of its resources.

    What a stage decides (!If) is left out, as CloudFormation leaves out what is AWS::NoValue.
    """
    return dict(_without_null(yaml.load((INFRA / part).read_text(), _Loader)["Resources"]))


def parameters() -> dict[str, Any]:
    """What a stage may say: the parameters of all parts of the template."""
    parts = [yaml.load((INFRA / part).read_text(), _Loader) for part in TEMPLATE_PARTS]
    return {name: told for part in parts for name, told in part.get("Parameters", {}).items()}


def _without_null(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_null(item) for item in part]
    return {k: _without_null(v) for k, v in part.items() if v is not None} if isinstance(part, dict) else part


@lru_cache(maxsize=16)
def aws(cloud: Cloud, service: str) -> Any:
    """A client of the tests' own, beside the application's."""
    return cloud.client(service)


@dataclass(frozen=True)
class Stage:
    """What one test has for itself. `environment` is what a function would find around it."""

    table_names: dict[str, str]
    queue_urls: dict[str, str]
    environment: dict[str, str]


def new_stage(cloud: Cloud) -> Stage:
    suffix = uuid.uuid4().hex[:12]
    tables = {short: _table(cloud, short, logical, suffix) for short, logical in TABLES.items()}
    sqs = aws(cloud, "sqs")
    queues = {short: str(sqs.create_queue(QueueName=f"{short}-{suffix}")["QueueUrl"]) for short in ("jobs", "mail")}
    aws(cloud, "scheduler").create_schedule_group(Name=f"group-{suffix}")
    aws(cloud, "s3").create_bucket(Bucket=f"files-{suffix}")
    aws(cloud, "s3").create_bucket(Bucket=f"anchors-{suffix}", ObjectLockEnabledForBucket=True)
    pool_properties = resources()["UserPool"]["Properties"]
    pool = aws(cloud, "cognito-idp").create_user_pool(
        PoolName=f"pool-{suffix}", **{key: pool_properties[key] for key in _POOL_KEYS}
    )["UserPool"]
    environment = {
        "STAGE": "test",
        "CORE_TABLE": tables["core"],
        "ENROLLMENTS_TABLE": tables["enrollments"],
        "OUTBOX_TABLE": tables["outbox"],
        "JOBS_QUEUE_URL": queues["jobs"],
        "JOBS_QUEUE_ARN": f"arn:aws:sqs:{cloud.region}:{ACCOUNT_ID}:jobs-{suffix}",
        "MAIL_QUEUE_URL": queues["mail"],
        "SCHEDULE_GROUP": f"group-{suffix}",
        "SCHEDULER_ROLE_ARN": f"arn:aws:iam::{ACCOUNT_ID}:role/scheduler",
        "USER_POOL_ID": pool["Id"],
        "USER_POOL_CLIENT_ID": _pool_client(cloud, pool["Id"]),
        "FILES_BUCKET": f"files-{suffix}",
        "CERTIFICATES_FUNCTION": "certificates",
        "ANCHORS_BUCKET": f"anchors-{suffix}",
        "EVIDENCE_KEY": signing_key(cloud, "EvidenceKey"),
        "BADGE_KEY": signing_key(cloud, "BadgeKey"),
        "MAIL_FROM": "training@muster.example",
        "MAIL_CONFIGURATION_SET": configuration_set(cloud),
        "PUBLIC_URL": "https://muster.example/dev",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
        "AWS_ENDPOINT_URL": str(cloud.endpoint),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": cloud.region,
    }
    return Stage(tables, queues, environment)


def _pool_client(cloud: Cloud, pool_id: str) -> str:
    properties = resources()["UserPoolClient"]["Properties"]
    chosen = {key: properties[key] for key in _CLIENT_KEYS}
    client = aws(cloud, "cognito-idp").create_user_pool_client(UserPoolId=pool_id, **chosen)["UserPoolClient"]
    return str(client["ClientId"])


@lru_cache
def configuration_set(cloud: Cloud) -> str:
    """One for all tests: it tells nobody anything."""
    ses = aws(cloud, "ses")
    # Two clouds may share what sends their mails (tests/aws/test_amazons_engine.py).
    with suppress(ses.exceptions.ConfigurationSetAlreadyExistsException):
        ses.create_configuration_set(ConfigurationSet={"Name": "tests"})
    return "tests"


@lru_cache
def signing_key(cloud: Cloud, logical: str) -> str:
    """One for all tests: it takes a while to draw."""
    properties = resources()[logical]["Properties"]
    chosen = {name: properties[name] for name in ("KeySpec", "KeyUsage")}
    return str(aws(cloud, "kms").create_key(**chosen)["KeyMetadata"]["KeyId"])


def drop_stage(cloud: Cloud, stage: Stage) -> None:
    for name in stage.table_names.values():
        aws(cloud, "dynamodb").delete_table(TableName=name)
    for url in stage.queue_urls.values():
        aws(cloud, "sqs").delete_queue(QueueUrl=url)
    _drop_bucket(cloud, stage.environment["FILES_BUCKET"])
    _drop_bucket(cloud, stage.environment["ANCHORS_BUCKET"])
    aws(cloud, "scheduler").delete_schedule_group(Name=stage.environment["SCHEDULE_GROUP"])
    aws(cloud, "cognito-idp").delete_user_pool(UserPoolId=stage.environment["USER_POOL_ID"])


def _drop_bucket(cloud: Cloud, bucket: str) -> None:
    """A bucket is deleted only when it is empty."""
    s3 = aws(cloud, "s3")
    for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    for version in s3.list_object_versions(Bucket=bucket).get("Versions", []):
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def _table(cloud: Cloud, short: str, logical: str, suffix: str) -> str:
    properties = resources()[logical]["Properties"]
    name = f"{short}-{suffix}"
    chosen = {key: properties[key] for key in _TABLE_KEYS if key in properties}
    aws(cloud, "dynamodb").create_table(TableName=name, **chosen)
    return name
