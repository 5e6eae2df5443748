"""What a template must say of the resources that hold state: they outlive the stack, and can be restored."""

import json
from collections.abc import Iterator

import cfnlint.data.AdditionalSpecs
from cfnlint.helpers import load_resource

from infra.rules.parts import QUEUE, Rule, Template, listed, of_type

# What cfn-lint knows to hold state, but for queues (rows are the truth, and the sweep sends what is missing) and logs.
STATEFUL = sorted(
    load_resource(cfnlint.data.AdditionalSpecs, "StatefulResources.json")["ResourceTypes"].keys()
    - {QUEUE, "AWS::Logs::LogGroup"}
)
# How these refuse to be deleted, policies or not: by hand, or by a change of the template.
_PROTECTION = {"AWS::DynamoDB::Table": "DeletionProtectionEnabled", "AWS::Cognito::UserPool": "DeletionProtection"}

# Drawn by CloudFormation, and told to both sides at once: nobody needs the old one.
_DRAWN_ANEW = frozenset({"EdgeKey"})

_ANCHORS = "AnchorsBucket"
_ANCHORED_DAYS = 3650
# What functions do there. Each anchor is put once, under its own name; a later version of it would not be the first.
_ANCHORING = frozenset({"s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:PutObject"})

# What the workers insert at once (infra/resources.yaml), with something to spare.
_WARM_WRITES = 10_000


def state_is_retained(template: Template) -> Iterator[str]:
    for kind in STATEFUL:
        for name, resource in of_type(template, kind):
            if name in _DRAWN_ANEW:
                continue
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if resource.get(policy) != "Retain":
                    yield f"{name} has no {policy} Retain"
    for kind, protection in _PROTECTION.items():
        for name, resource in of_type(template, kind):
            chosen = resource["Properties"].get(protection)
            if not isinstance(chosen, dict) or chosen["Fn::If"][0] != "IsProtected":
                yield f"{name} of prod does not refuse to be deleted"
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        recovery = table["Properties"].get("PointInTimeRecoverySpecification", {})
        if recovery.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name} cannot be restored to a point in time"


def tables_start_warm(template: Template) -> Iterator[str]:
    """In prod; a new table throttles the first large launch."""
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        indexes = table["Properties"].get("GlobalSecondaryIndexes", [])
        for what, part in ((name, table["Properties"]), *((f"{name}'s {one['IndexName']}", one) for one in indexes)):
            condition, prod, *_ = part.get("WarmThroughput", {}).get("Fn::If", [None, {}])
            if condition != "IsProd" or prod.get("WriteUnitsPerSecond", 0) < _WARM_WRITES:
                yield f"{what} takes {_WARM_WRITES} writes a second only after it has grown"


def anchors_cannot_be_rewritten(template: Template) -> Iterator[str]:
    """Where the chains of audit entries ended is locked for ten years in prod, and no function may take a lock away."""
    for name, bucket in of_type(template, "AWS::S3::Bucket"):
        if name != _ANCHORS:
            continue
        properties = bucket["Properties"]
        lock = properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention", {})
        in_prod = {key: chosen["Fn::If"][1] for key, chosen in lock.items() if isinstance(chosen, dict)}
        if properties.get("ObjectLockEnabled") is not True or in_prod.get("Mode") != "COMPLIANCE":
            yield f"{name} of prod can be written anew"
        if in_prod.get("Days", 0) < _ANCHORED_DAYS:
            yield f"{name} of prod is locked for less than {_ANCHORED_DAYS} days"
    for name, role in of_type(template, "AWS::IAM::Role"):
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                more = set(listed(statement["Action"])) - _ANCHORING
                if _ANCHORS in json.dumps(statement.get("Resource", "")) and more:
                    yield f"{name} may {sorted(more)} where anchors are"


RULES: tuple[Rule, ...] = (state_is_retained, tables_start_warm, anchors_cannot_be_rewritten)
