"""A deployed stage, as CloudFormation tells of it."""

from dataclasses import dataclass
from typing import Any

from infra.cloud import Cloud


@dataclass(frozen=True)
class Stack:
    """`outputs` by name, `resources` (physical ids) by logical id."""

    name: str
    stage: str
    outputs: dict[str, str]
    resources: dict[str, str]


def name_of(stage: str) -> str:
    return f"muster-{stage}"


def describe(cloud: Cloud, stage: str) -> Stack:
    """Raises CloudFormation's ValidationError when there is no such stack."""
    name = name_of(stage)
    cloudformation = cloud.client("cloudformation")
    told = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
        # One that could not be made has none.
        if "PhysicalResourceId" in entry
    }
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in told.get("Outputs", [])}
    return Stack(name, stage, outputs, resources)


def told_of(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """CloudFormation's description of a stack, None when there is none."""
    try:
        told: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if told["StackStatus"] == "DELETE_COMPLETE" else told
