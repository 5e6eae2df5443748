"""State that outlives its stack, on the local cloud: a failed creation leaves none; a new stack adopts what is left."""

import json
import uuid
from typing import Any

import pytest

from infra.cloud import Cloud
from infra.stacks.changes import Changes
from infra.stacks.kept import adopt, kept_resources
from infra.stacks.patience import Patience
from infra.stacks.stack import describe, name_of, told_of
from tests.cloud_fixture import aws

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": {"Fn::If": ["IsProtected", True, False]},
    },
}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Conditions": {"IsProtected": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {
        "CoreTable": TABLE,
        "FilesBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
        "UserPool": {
            "Type": "AWS::Cognito::UserPool",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"UserPoolName": {"Fn::Sub": "muster-${Stage}"}},
        },
        "News": {"Type": "AWS::SNS::Topic"},
    },
}
KEPT = ["CoreTable", "FilesBucket", "UserPool"]


@pytest.fixture
def stage() -> str:
    """A stage of the test's own."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def changes(cloud: Cloud, stage: str) -> Changes:
    return Changes(aws(cloud, "cloudformation"), name_of(stage), Patience(0.05, 60))


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> str:
    name = f"templates-{uuid.uuid4().hex[:8]}"
    aws(cloud, "s3").create_bucket(Bucket=name)
    return f"{cloud.endpoint}/{name}"


def put(cloud: Cloud, bucket: str, template: dict[str, Any]) -> str:
    aws(cloud, "s3").put_object(Bucket=bucket.rpartition("/")[2], Key="template", Body=json.dumps(template).encode())
    return f"{bucket}/template"


def test_a_creation_that_fails_leaves_nothing_and_can_be_repeated(
    cloud: Cloud, changes: Changes, stage: str, bucket: str
) -> None:
    broken = {"Type": "AWS::Cognito::UserPoolClient", "DependsOn": KEPT, "Properties": {"UserPoolId": "us-east-1_none"}}
    spoiled = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Broken": broken}}
    with pytest.raises(RuntimeError, match="ROLLBACK_COMPLETE:\nBroken: "):
        changes.bring_up(put(cloud, bucket, spoiled), TEMPLATE["Parameters"], {"Stage": stage})
    assert kept_resources(cloud, stage, TEMPLATE) == []

    changes.bring_up(put(cloud, bucket, TEMPLATE), TEMPLATE["Parameters"], {"Stage": stage})
    assert [logical for logical, _ in kept_resources(cloud, stage, TEMPLATE)] == KEPT


def test_a_stack_goes_on_with_what_an_earlier_one_kept(cloud: Cloud, changes: Changes, stage: str, bucket: str) -> None:
    url = put(cloud, bucket, TEMPLATE)
    changes.bring_up(url, TEMPLATE["Parameters"], {"Stage": stage})
    before = describe(cloud, stage).resources
    changes.cloudformation.delete_stack(StackName=changes.name)
    assert changes.begin() is None

    kept = dict(kept_resources(cloud, stage, TEMPLATE))
    assert kept == {logical: before[logical] for logical in KEPT}
    adopt(changes, TEMPLATE, {"Stage": stage}, kept)
    told = told_of(changes.cloudformation, changes.name)
    assert told is not None
    assert told["StackStatus"] == "IMPORT_COMPLETE"
    assert describe(cloud, stage).resources == kept

    changes.bring_up(url, TEMPLATE["Parameters"], {"Stage": stage})
    after = describe(cloud, stage).resources
    assert {logical: after[logical] for logical in KEPT} == kept
    assert "News" in after


def test_only_state_of_the_template_can_be_adopted(changes: Changes) -> None:
    with pytest.raises(RuntimeError, match="Elsewhere, News: only tables"):
        adopt(changes, TEMPLATE, {}, {"News": "arn", "Elsewhere": "x", "CoreTable": "y"})
