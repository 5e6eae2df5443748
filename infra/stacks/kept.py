"""Tables, accounts and files that outlived their stack (`DeletionPolicy: Retain`): find them, and bring them back.

They have generated names, so that a new stack would begin with empty ones beside them and nobody would notice.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.cloud import Cloud
from infra.stacks.changes import Changes
from infra.stacks.stack import name_of

# What names a resource of these kinds to CloudFormation's import.
_IDENTIFIERS = {
    "AWS::Cognito::UserPool": "UserPoolId",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
}


def kept_resources(cloud: Cloud, stage: str, template: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Logical id and physical name of what an earlier stack of the stage left, as one would write them: ordered."""
    stack = name_of(stage)
    logicals = {kind: _of_kind(template, kind) for kind in _IDENTIFIERS}
    found: list[tuple[str, str]] = []
    for table in _tables(cloud):
        found += [(one, table) for one in logicals["AWS::DynamoDB::Table"] if table.startswith(f"{stack}-{one}-")]
    for bucket in _buckets(cloud, stack):
        found += [(one, bucket) for one in logicals["AWS::S3::Bucket"] if bucket.startswith(f"{stack}-{one.lower()}-")]
    for pool in _pools(cloud, stack):
        found += [(one, pool) for one in logicals["AWS::Cognito::UserPool"]]
    return sorted(found)


def adopt(changes: Changes, template: Mapping[str, Any], told: Mapping[str, str], adopted: Mapping[str, str]) -> None:
    """Begin the stack with what is there: `adopted` has physical names by logical ids.

    An import brings nothing else with it, so that the rest of the template follows in an ordinary change. Raises
    RuntimeError for what is no state of the template, and with CloudFormation's reasons.
    """
    unknown = sorted(name for name in adopted if template["Resources"].get(name, {}).get("Type") not in _IDENTIFIERS)
    if unknown:
        raise RuntimeError(f"{', '.join(unknown)}: only tables, user pools and buckets of the template can be adopted")
    chosen = {name: template["Resources"][name] for name in adopted}
    part = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": template["Parameters"],
        "Conditions": template["Conditions"],
        "Resources": {name: _by_itself(resource, template, chosen) for name, resource in chosen.items()},
    }
    imports = [
        {
            "ResourceType": chosen[name]["Type"],
            "LogicalResourceId": name,
            "ResourceIdentifier": {_IDENTIFIERS[chosen[name]["Type"]]: physical},
        }
        for name, physical in adopted.items()
    ]
    changes.adopt(json.dumps(part), told, imports)


def _by_itself(resource: Mapping[str, Any], template: Mapping[str, Any], chosen: Iterable[str]) -> dict[str, Any]:
    """Without properties that name resources which are not there yet; the change that follows brings them."""
    absent = template["Resources"].keys() - set(chosen)
    properties = {name: value for name, value in resource.get("Properties", {}).items() if not _names(value, absent)}
    alone = {name: value for name, value in resource.items() if name != "DependsOn"}
    return {**alone, "Properties": properties}


def _names(value: Any, resources: set[str]) -> bool:
    if isinstance(value, dict):
        referred = {str(value.get("Ref")), str(value.get("Fn::GetAtt", [None])[0])}
        return bool(referred & resources) or any(_names(one, resources) for one in value.values())
    if isinstance(value, list):
        return any(_names(one, resources) for one in value)
    return isinstance(value, str) and any(f"${{{name}}}" in value or f"${{{name}." in value for name in resources)


def _of_kind(template: Mapping[str, Any], kind: str) -> list[str]:
    return [name for name, resource in template["Resources"].items() if resource["Type"] == kind]


def _tables(cloud: Cloud) -> Iterator[str]:
    for page in cloud.client("dynamodb").get_paginator("list_tables").paginate():
        yield from page["TableNames"]


def _buckets(cloud: Cloud, stack: str) -> Iterator[str]:
    """Of this region only: an account's buckets are listed all together."""
    pages = cloud.client("s3").get_paginator("list_buckets").paginate(Prefix=f"{stack}-", BucketRegion=cloud.region)
    for page in pages:
        yield from (entry["Name"] for entry in page["Buckets"])


def _pools(cloud: Cloud, stack: str) -> Iterator[str]:
    for page in cloud.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60):
        yield from (entry["Id"] for entry in page["UserPools"] if entry["Name"] == stack)
