"""What a deployment to AWS says to CloudFormation, with fakes in AWS's place."""

import argparse
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra import deploy as deployment
from infra.cloud import Cloud
from infra.deploy import _NUMBERS, adopted_in, chosen_parameters, deploy
from infra.packaging import ROOT
from tests.infra.fake_cloudformation import FakeCloudFormation

OWN_URL = "https://abc.execute-api.eu-central-1.amazonaws.com/prod"
TEMPLATE = """
Parameters: {Stage: , Build: , MailFrom: , MailIdentity: , MailRate: , AlarmEmail: , PublicUrl: , Protected: }
Conditions: {}
Resources:
  CoreTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    DependsOn: Worker
    Properties:
      BillingMode: PAY_PER_REQUEST
      TableClass: {Ref: Stage}
      Tags: [{Key: worker, Value: {Ref: Worker}}]
      KinesisStreamSpecification: {StreamArn: {"Fn::GetAtt": [Worker, Arn]}}
      ResourcePolicy: {PolicyDocument: {"Fn::Sub": "${Worker.Arn} may read ${Stage}"}}
  Worker: {Type: AWS::Serverless::Function, Properties: {}}
"""


@dataclass(frozen=True)
class FakeAws(Cloud):
    """AWS with a stack, an empty bucket for artifacts, and these tables; `identities` are verified in SES."""

    endpoint: str | None = None
    region: str = "eu-central-1"
    cloudformation: FakeCloudFormation = field(default_factory=FakeCloudFormation)
    tables: tuple[str, ...] = ()
    identities: tuple[str, ...] = ("example.com",)

    def client(self, service: str) -> Any:
        return getattr(self, "_" + service.replace("-", "_"))()

    def _cloudformation(self) -> FakeCloudFormation:
        return self.cloudformation

    def _s3(self) -> Any:
        return SimpleNamespace(
            meta=SimpleNamespace(endpoint_url="https://s3.eu-central-1.amazonaws.com"),
            list_buckets=lambda: {"Buckets": []},
            create_bucket=lambda **arguments: None,
            upload_file=lambda *arguments: None,
            put_object=lambda **arguments: None,
            get_paginator=_listing({"Buckets": []}).get_paginator,
        )

    def _sts(self) -> Any:
        return SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"})

    def _dynamodb(self) -> Any:
        return _listing({"TableNames": self.tables})

    def _cognito_idp(self) -> Any:
        return _listing({"UserPools": []})

    def _sesv2(self) -> Any:
        class NotFoundException(Exception):
            pass

        def get_email_identity(**arguments: str) -> dict[str, bool]:
            if arguments["EmailIdentity"] not in self.identities:
                raise NotFoundException
            return {"VerifiedForSendingStatus": True}

        exceptions = SimpleNamespace(NotFoundException=NotFoundException)
        return SimpleNamespace(get_email_identity=get_email_identity, exceptions=exceptions)


def _listing(page: dict[str, Any]) -> Any:
    return SimpleNamespace(get_paginator=lambda name: SimpleNamespace(paginate=lambda **arguments: [page]))


@pytest.fixture(autouse=True)
def _packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "prod-digest"
    folder.mkdir()
    (folder / "sam.yaml").write_text(TEMPLATE)
    monkeypatch.setattr(deployment, "package", lambda stage, home, for_host: folder)


def up(**parameters: str) -> FakeCloudFormation:
    """A stack that an earlier deployment brought up."""
    before = {"Stage": "prod", "MailFrom": "a@example.com", "PublicUrl": OWN_URL, **parameters}
    return FakeCloudFormation(
        "UPDATE_COMPLETE", before, resources={"RestAPI": "abc"}, outputs={"ApiUrl": OWN_URL}, is_protected=True
    )


def made(**more: Any) -> FakeCloudFormation:
    """No stack yet; what it will have when it is there."""
    return FakeCloudFormation(resources={"RestAPI": "abc"}, outputs={"ApiUrl": OWN_URL}, **more)


def sent(fake: FakeCloudFormation) -> list[dict[str, str]]:
    """The values with each change set; `before` for those that are to stay."""
    return [
        {p["ParameterKey"]: p.get("ParameterValue", "before") for p in call["Parameters"]}
        for call in fake.called("create_change_set")
    ]


def options(**said: Any) -> argparse.Namespace:
    nothing = dict.fromkeys(
        ("mail_from", "alarm_email", "public_url", "answers_domain", "domain", "certificate", *_NUMBERS)
    )
    return argparse.Namespace(stage="prod", **{**nothing, **said})


def test_a_new_stage_is_protected_only_when_it_is_up() -> None:
    cloud = FakeAws(cloudformation=made())
    deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"})
    first, second = sent(cloud.cloudformation)
    assert (first["Protected"], first["PublicUrl"]) == ("no", "")
    assert (second["Protected"], second["PublicUrl"]) == ("yes", OWN_URL)
    assert [name for name, _ in cloud.cloudformation.calls][-2:] == [
        "execute_change_set",
        "update_termination_protection",
    ]


def test_a_failed_first_deployment_is_not_protected() -> None:
    cloud = FakeAws(cloudformation=made(after_execution=["ROLLBACK_COMPLETE"]))
    with pytest.raises(RuntimeError, match="ROLLBACK_COMPLETE"):
        deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"})
    assert not cloud.cloudformation.is_protected
    assert [first["Protected"] for first in sent(cloud.cloudformation)] == ["no"]


def test_dev_can_be_deleted() -> None:
    cloud = FakeAws(cloudformation=made())
    deploy(cloud, "dev", ROOT, {"MailFrom": "a@example.com"})
    assert not cloud.cloudformation.is_protected


def test_deploying_again_keeps_what_is_not_said() -> None:
    fake = up(AlarmEmail="ops@example.com", MailRate="50", PublicUrl="https://muster.example.com")
    deploy(FakeAws(cloudformation=fake), "prod", ROOT, {"MailFrom": "a@example.com"})
    (change,) = sent(fake)
    assert (change["AlarmEmail"], change["MailRate"]) == ("before", "before")
    assert change["PublicUrl"] == "https://muster.example.com"


def test_an_empty_address_is_the_api_s_own_again() -> None:
    fake = up(PublicUrl="https://muster.example.com")
    deploy(FakeAws(cloudformation=fake), "prod", ROOT, {"MailFrom": "a@example.com", "PublicUrl": ""})
    assert [change["PublicUrl"] for change in sent(fake)] == [OWN_URL]


def test_a_first_deployment_that_ended_between_its_two_changes_is_finished() -> None:
    fake = up(PublicUrl="", Protected="no")
    deploy(FakeAws(cloudformation=fake), "prod", ROOT, {"MailFrom": "a@example.com"})
    assert [(change["PublicUrl"], change["Protected"]) for change in sent(fake)] == [(OWN_URL, "yes")]


def test_the_template_comes_from_where_the_region_keeps_it() -> None:
    cloud = FakeAws(cloudformation=made())
    deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"})
    (url, _) = [call["TemplateURL"] for call in cloud.cloudformation.called("create_change_set")]
    assert url == "https://s3.eu-central-1.amazonaws.com/muster-artifacts-123456789012-eu-central-1/muster/digest.json"


def test_what_an_earlier_stack_kept_is_not_passed_over() -> None:
    cloud = FakeAws(cloudformation=made(), tables=("muster-prod-CoreTable-1A", "muster-dev-CoreTable-2B", "other"))
    with pytest.raises(RuntimeError, match=r"kept: CoreTable=muster-prod-CoreTable-1A\n.*ADOPT=none"):
        deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"}, None)
    assert cloud.cloudformation.calls == []

    deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"}, adopted_in("none"))
    assert [call["ChangeSetType"] for call in cloud.cloudformation.called("create_change_set")] == ["CREATE", "UPDATE"]


def test_what_an_earlier_stack_kept_is_adopted() -> None:
    cloud = FakeAws(cloudformation=made())
    deploy(cloud, "prod", ROOT, {"MailFrom": "a@example.com"}, adopted_in("CoreTable=muster-prod-CoreTable-1A"))
    changes = cloud.cloudformation.called("create_change_set")
    assert [call["ChangeSetType"] for call in changes] == ["IMPORT", "UPDATE", "UPDATE"]
    assert changes[0]["ResourcesToImport"] == [
        {
            "ResourceType": "AWS::DynamoDB::Table",
            "LogicalResourceId": "CoreTable",
            "ResourceIdentifier": {"TableName": "muster-prod-CoreTable-1A"},
        }
    ]
    # An import brings nothing else with it, and so may name nothing else.
    assert json.loads(changes[0]["TemplateBody"])["Resources"] == {
        "CoreTable": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "Properties": {"BillingMode": "PAY_PER_REQUEST", "TableClass": {"Ref": "Stage"}},
        }
    }


@pytest.mark.parametrize("text", ["CoreTable", "CoreTable=", "=x", "CoreTable=a CoreTable=b"])
def test_what_to_adopt_is_said_clearly(text: str) -> None:
    with pytest.raises(RuntimeError, match="ADOPT"):
        adopted_in(text)


def test_nothing_said_of_adopting_is_not_none() -> None:
    assert adopted_in(None) is None
    assert adopted_in("") is None
    assert adopted_in("none") == {}


def test_only_what_is_said_becomes_a_parameter() -> None:
    cloud = FakeAws(cloudformation=up())
    assert chosen_parameters(cloud, options()) == {"MailFrom": "a@example.com", "MailIdentity": "example.com"}
    said = chosen_parameters(cloud, options(alarm_email="", public_url="https://x.example/", mail_rate=20))
    assert (said["AlarmEmail"], said["PublicUrl"], said["MailRate"]) == ("", "https://x.example", "20")
    said = chosen_parameters(cloud, options(worker_concurrency=3, mailer_concurrency=2, api_concurrency=0))
    assert (said["WorkerConcurrency"], said["MailerConcurrency"], said["ApiConcurrency"]) == ("3", "2", "0")


def test_a_domain_comes_with_its_certificate_and_is_what_links_name() -> None:
    cloud = FakeAws(cloudformation=up())
    with pytest.raises(RuntimeError, match="CERTIFICATE"):
        chosen_parameters(cloud, options(domain="training.example.com"))
    said = chosen_parameters(cloud, options(domain="Training.example.com", certificate="arn:aws:acm:us-east-1:1:c/1"))
    assert said["DomainName"] == "training.example.com"
    assert said["CertificateArn"] == "arn:aws:acm:us-east-1:1:c/1"
    assert said["PublicUrl"] == "https://training.example.com"
    said = chosen_parameters(cloud, options(domain=""))
    assert (said["DomainName"], said["PublicUrl"]) == ("", "")


def test_the_first_deployment_has_to_say_who_sends() -> None:
    with pytest.raises(RuntimeError, match="MAIL_FROM"):
        chosen_parameters(FakeAws(), options())


@pytest.mark.parametrize(
    ("sender", "verified", "identity"),
    [
        ("a@example.com", ("example.com",), "example.com"),
        ("a@mail.eu.example.com", ("example.com",), "example.com"),
        ("a@mail.example.com", ("example.com", "mail.example.com"), "mail.example.com"),
        ("a@example.com", ("example.com", "a@example.com"), "a@example.com"),
    ],
)
def test_the_sender_s_identity_is_the_most_specific_that_is_verified(
    sender: str, verified: tuple[str, ...], identity: str
) -> None:
    said = chosen_parameters(FakeAws(identities=verified), options(mail_from=sender))
    assert said["MailIdentity"] == identity


def test_a_sender_that_nobody_verified_is_refused_before_anything_happens() -> None:
    with pytest.raises(RuntimeError, match=r"may not send from a@mail.other.org: .*, mail.other.org, other.org is"):
        chosen_parameters(FakeAws(), options(mail_from="a@mail.other.org"))


def test_a_sender_that_is_no_address_is_refused_as_well() -> None:
    with pytest.raises(RuntimeError, match="may not send from training"):
        chosen_parameters(FakeAws(), options(mail_from="training"))


def test_make_says_only_what_was_said_to_it() -> None:
    command = ["make", "-n", "deploy", "STAGE=dev", "MAIL_FROM=a@example.com", "ALARM_EMAIL="]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert '--mail-from="a@example.com"' in said
    assert '--alarm-email=""' in said
    assert "--mail-rate" not in said
    assert "--public-url" not in said
