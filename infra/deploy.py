"""Package the application and deploy it, to AWS or to the local cloud: the same artifact for both.

python -m infra.deploy --stage dev --mail-from training@example.com [--alarm-email ops@example.com] [--mail-rate 14]
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra import differences
from infra.cloud import REGION, Cloud
from infra.packaging import ROOT, STAGES, package

__all__ = ["ROOT", "Stack", "deploy", "describe", "package"]


@dataclass(frozen=True)
class Stack:
    """A deployed stage: what CloudFormation says of it (`outputs` by name, `resources` by logical id)."""

    name: str
    stage: str
    outputs: dict[str, str]
    resources: dict[str, str]


def deploy(cloud: Cloud, stage: str, home: Path, parameters: dict[str, str]) -> Stack:
    """Upload the package and create or update the stack; returns when it is complete.

    Raises RuntimeError with CloudFormation's reasons when the stack could not be brought up.
    """
    folder = package(stage, home)
    bucket = _artifact_bucket(cloud)
    digest = folder.name.removeprefix(f"{stage}-")
    key = f"muster/{digest}.zip"
    s3 = cloud.client("s3")
    s3.upload_file(str(folder / "deployment.zip"), bucket, key)
    template = yaml.safe_load((folder / "sam.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    if cloud.is_local:
        differences.adapt(template)
    # Templates past 51,200 bytes have to come from a bucket.
    template_key = f"muster/{digest}.json"
    s3.put_object(Bucket=bucket, Key=template_key, Body=json.dumps(template).encode())
    name = f"muster-{stage}"
    host = cloud.endpoint or f"https://s3.{cloud.region}.amazonaws.com"
    told = {"Stage": stage, "Build": digest, "PublicUrl": _known_url(cloud, stage), **parameters}
    _bring_up(cloud, name, f"{host}/{bucket}/{template_key}", told)
    stack = describe(cloud, stage)
    if not told["PublicUrl"]:
        # The API's address is known once it is there, and its own functions cannot refer to it in the template.
        told["PublicUrl"] = cloud.api_url(stack.resources["RestAPI"], stage)
        _bring_up(cloud, name, f"{host}/{bucket}/{template_key}", told)
    if cloud.is_local:
        differences.put_gateway_responses(cloud, stack.resources["RestAPI"], stage, template)
    return stack


def _known_url(cloud: Cloud, stage: str) -> str:
    """The API's own address, empty before the stack is there."""
    if _status(cloud.client("cloudformation"), f"muster-{stage}") is None:
        return ""
    return cloud.api_url(describe(cloud, stage).resources["RestAPI"], stage)


def describe(cloud: Cloud, stage: str) -> Stack:
    name = f"muster-{stage}"
    cloudformation = cloud.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = {
        entry["LogicalResourceId"]: entry["PhysicalResourceId"]
        for page in pages
        for entry in page["StackResourceSummaries"]
    }
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}
    return Stack(name, stage, outputs, resources)


def _artifact_bucket(cloud: Cloud) -> str:
    account = cloud.client("sts").get_caller_identity()["Account"]
    bucket = f"muster-artifacts-{account}-{cloud.region}"
    s3 = cloud.client("s3")
    if bucket not in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}:
        where: dict[str, Any] = {}
        if cloud.region != "us-east-1":
            where = {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
        s3.create_bucket(Bucket=bucket, **where)
    return bucket


def _bring_up(cloud: Cloud, name: str, template_url: str, parameters: dict[str, str]) -> None:
    cloudformation = cloud.client("cloudformation")
    arguments = {
        "StackName": name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    exists = _status(cloudformation, name) is not None
    kind = "UPDATE" if exists else "CREATE"
    change = f"deploy-{int(time.time() * 1000)}"
    cloudformation.create_change_set(ChangeSetName=change, ChangeSetType=kind, **arguments)
    if not _change_set_is_ready(cloudformation, name, change):
        cloudformation.delete_change_set(StackName=name, ChangeSetName=change)
        return
    cloudformation.execute_change_set(StackName=name, ChangeSetName=change)
    status = _settled_status(cloudformation, name)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in events
            if "FAILED" in event["ResourceStatus"]
        ]
        raise RuntimeError(f"the stack is {status}:\n" + "\n".join(reasons))


def _status(cloudformation: Any, name: str) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _change_set_is_ready(cloudformation: Any, name: str, change: str) -> bool:
    """False when there is nothing to change."""
    while True:
        state = cloudformation.describe_change_set(StackName=name, ChangeSetName=change)
        if state["Status"] == "CREATE_COMPLETE":
            return True
        if state["Status"] == "FAILED":
            reason = state.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates" in reason:
                return False
            raise RuntimeError(f"the change set failed: {reason}")
        time.sleep(0.3)


def _settled_status(cloudformation: Any, name: str) -> str:
    while True:
        status = _status(cloudformation, name) or "DELETED"
        if not status.endswith("_IN_PROGRESS"):
            return status
        time.sleep(0.3)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--mail-from", required=True, help="the sender, of a domain verified in SES")
    arguments.add_argument("--alarm-email", default="", help="who is told of alarms")
    arguments.add_argument("--public-url", default="", help="where people reach the API, if not at its own address")
    arguments.add_argument("--mail-rate", default="14", help="mails a second, as SES allows this account")
    arguments.add_argument("--region", default=os.environ.get("AWS_REGION", REGION))
    chosen = arguments.parse_args()
    parameters = {"MailFrom": chosen.mail_from, "AlarmEmail": chosen.alarm_email, "MailRate": chosen.mail_rate}
    if chosen.public_url:
        parameters["PublicUrl"] = chosen.public_url.rstrip("/")
    cloud = Cloud(None, chosen.region)
    stack = deploy(cloud, chosen.stage, ROOT / ".muster", parameters)
    for key, value in sorted(stack.outputs.items()):
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
