"""Package the application and deploy it, to AWS or to the local cloud: the same artifact for both.

python -m infra.deploy --stage dev --mail-from training@example.com [--alarm-email ops@example.com] [--mail-rate 14]

What is not said stays as it was deployed before.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra import differences, mail
from infra.cloud import Cloud, add_region, aws_cloud
from infra.layer import certificates_layer
from infra.packaging import ROOT, STAGES, package
from infra.stacks.changes import Changes
from infra.stacks.kept import adopt, kept_resources
from infra.stacks.patience import patience_with
from infra.stacks.stack import Stack, describe, name_of, told_of

__all__ = ["ROOT", "Stack", "deploy", "describe", "package"]

START_EMPTY: Mapping[str, str] = {}

# Parameters of the template that are numbers, by the option that says them.
_NUMBERS = {
    "mail_rate": "MailRate",
    "worker_concurrency": "WorkerConcurrency",
    "mailer_concurrency": "MailerConcurrency",
    "api_concurrency": "ApiConcurrency",
}


def deploy(
    cloud: Cloud,
    stage: str,
    home: Path,
    parameters: Mapping[str, str],
    adopted: Mapping[str, str] | None = START_EMPTY,
) -> Stack:
    """Upload the package and create or update the stack; returns when it is complete.

    Parameters that are not given keep their values; an empty PublicUrl stands for the API's own address. What a new
    stack begins with is `adopted` (physical names by logical ids); with None it begins empty, if nothing is left.

    Raises RuntimeError: with CloudFormation's reasons when the stack could not be brought up, or with what to do.
    """
    changes = Changes(cloud.client("cloudformation"), name_of(stage), patience_with(cloud))
    # Before the packaging, which takes a while: is there a stack that can be changed?
    before = changes.begin()
    folder = package(stage, home, for_host=cloud.is_local)
    layer = certificates_layer(home, for_host=cloud.is_local)
    digest = folder.name.removeprefix(f"{stage}-")
    template, template_url = _uploaded(cloud, folder, digest, layer)
    told = {"Stage": stage, "Build": digest, **parameters}
    if "MailFrom" in told:
        told.setdefault("MailIdentity", mail.domain_of(told["MailFrom"]))
    own_url = "" if before is None else _own_url(cloud, describe(cloud, stage))
    told["PublicUrl"] = told.get("PublicUrl", (before or {}).get("PublicUrl", "")) or own_url
    told["Protected"] = "no" if before is None else "yes"
    if before is None:
        wanted = _wanted(cloud, stage, template) if adopted is None else adopted
        if wanted:
            adopt(changes, template, told, wanted)
    changes.bring_up(template_url, template["Parameters"], told)
    stack = describe(cloud, stage)
    # The API's address is known once it is there, and its own functions cannot refer to it in the template.
    settled = {**told, "PublicUrl": told["PublicUrl"] or _own_url(cloud, stack), "Protected": "yes"}
    if settled != told:
        changes.bring_up(template_url, template["Parameters"], settled)
    if stage == "prod":
        changes.protect()
    if cloud.is_local:
        differences.put_gateway_responses(cloud, stack.resources["RestAPI"], stage, template)
    return stack


def _uploaded(cloud: Cloud, folder: Path, digest: str, layer: Path) -> tuple[dict[str, Any], str]:
    """Code and template, in a bucket (templates past 51,200 bytes have to be): the template, and where it lies."""
    bucket = _artifact_bucket(cloud)
    key = f"muster/{digest}.zip"
    s3 = cloud.client("s3")
    s3.upload_file(str(folder / "deployment.zip"), bucket, key)
    template: dict[str, Any] = yaml.safe_load((folder / "sam.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            resource["Properties"]["Content"] = {"S3Bucket": bucket, "S3Key": _uploaded_layer(cloud, bucket, layer)}
    if cloud.is_local:
        differences.adapt(template)
    template_key = f"muster/{digest}.json"
    s3.put_object(Bucket=bucket, Key=template_key, Body=json.dumps(template).encode())
    return template, f"{s3.meta.endpoint_url}/{bucket}/{template_key}"


def _uploaded_layer(cloud: Cloud, bucket: str, layer: Path) -> str:
    """Its key. What is there already is not sent again: it is large, and its name says what is in it."""
    s3, key = cloud.client("s3"), f"muster/{layer.name}"
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    if not any(entry["Key"] == key for entry in found):
        s3.upload_file(str(layer), bucket, key)
    return key


def _own_url(cloud: Cloud, stack: Stack) -> str:
    """The API's own address; empty while there is no API, as in a stack that has only adopted its tables."""
    api_id = stack.resources.get("RestAPI")
    if api_id is None:
        return ""
    return cloud.api_url(api_id, stack.stage) if cloud.is_local else stack.outputs["ApiUrl"]


def _wanted(cloud: Cloud, stage: str, template: Mapping[str, Any]) -> Mapping[str, str]:
    """Nothing, if there is nothing to choose from; otherwise a person has to say."""
    kept = kept_resources(cloud, stage, template)
    if kept:
        named = " ".join(f"{logical}={physical}" for logical, physical in kept)
        raise RuntimeError(
            f"there is no stack {name_of(stage)}, but what an earlier one kept: {named}\n"
            'Deploy with ADOPT="..." and one of each to go on with it, or with ADOPT=none to begin empty.'
        )
    return START_EMPTY


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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--mail-from", help="the sender, of a domain verified in SES; needed the first time")
    arguments.add_argument("--alarm-email", help="who is told of alarms; empty for nobody")
    arguments.add_argument("--public-url", help="where people reach the API; empty for its own address")
    arguments.add_argument("--mail-rate", type=int, help="mails a second, as SES allows this account")
    arguments.add_argument("--worker-concurrency", type=int, help="batches of jobs at once, 2 at least")
    arguments.add_argument("--mailer-concurrency", type=int, help="mailers at once, 2 at least")
    arguments.add_argument("--api-concurrency", type=int, help="requests at once that are kept for the API; 0 for none")
    arguments.add_argument("--answers-domain", help="whose mail SES takes in, for answers of calendars; empty for none")
    arguments.add_argument("--domain", help="a domain of your own for the portal; empty for the API's address")
    arguments.add_argument("--certificate", help="the domain's certificate: its ARN in ACM, in us-east-1")
    arguments.add_argument("--adopt", help='what an earlier stack kept, as "CoreTable=name ..."; or "none"')
    add_region(arguments)
    chosen = arguments.parse_args()
    try:
        cloud = aws_cloud(chosen.region)
        parameters = chosen_parameters(cloud, chosen)
        stack = deploy(cloud, chosen.stage, ROOT / ".muster", parameters, adopted_in(chosen.adopt))
    except RuntimeError as error:
        sys.exit(f"\n{error}")
    for key, value in sorted(stack.outputs.items()):
        print(f"{key}: {value}")


def chosen_parameters(cloud: Cloud, chosen: argparse.Namespace) -> dict[str, str]:
    """What was said, and the sender's identity. Raises RuntimeError when none was ever said, or it is not verified."""
    told = told_of(cloud.client("cloudformation"), name_of(chosen.stage)) or {}
    before = {entry["ParameterKey"]: entry["ParameterValue"] for entry in told.get("Parameters", [])}
    mail_from = chosen.mail_from or before.get("MailFrom")
    if not mail_from:
        raise RuntimeError("say who sends the mails, the first time: MAIL_FROM=training@example.com")
    parameters = {"MailFrom": mail_from, "MailIdentity": mail.identity_of(cloud, mail_from)}
    if chosen.alarm_email is not None:
        parameters["AlarmEmail"] = chosen.alarm_email
    if chosen.public_url is not None:
        parameters["PublicUrl"] = chosen.public_url.rstrip("/")
    if chosen.certificate is not None:
        parameters["CertificateArn"] = chosen.certificate
    if chosen.domain is not None:
        certificate = parameters.get("CertificateArn", before.get("CertificateArn"))
        if chosen.domain and not certificate:
            raise RuntimeError("a domain needs its certificate: CERTIFICATE=arn:aws:acm:us-east-1:...")
        parameters["DomainName"] = chosen.domain.lower()
        parameters.setdefault("PublicUrl", f"https://{chosen.domain.lower()}" if chosen.domain else "")
    if chosen.answers_domain is not None:
        parameters["AnswersDomain"] = chosen.answers_domain
    for option, name in _NUMBERS.items():
        if getattr(chosen, option) is not None:
            parameters[name] = str(getattr(chosen, option))
    return parameters


def adopted_in(text: str | None) -> Mapping[str, str] | None:
    """`CoreTable=name UserPool=id`, `none`, or nothing said (None). Raises RuntimeError for anything else."""
    if not text:
        return None
    if text == "none":
        return START_EMPTY
    pairs = [part.partition("=") for part in text.split()]
    if any(not logical or not physical for logical, _, physical in pairs):
        raise RuntimeError(f'ADOPT is "CoreTable=name UserPool=id ..." or "none", not "{text}"')
    adopted = {logical: physical for logical, _, physical in pairs}
    if len(adopted) < len(pairs):
        raise RuntimeError("ADOPT names one of each: choose between those that are called alike")
    return adopted


if __name__ == "__main__":
    main()
