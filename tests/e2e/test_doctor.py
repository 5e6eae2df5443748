"""`make doctor` on the deployed artifact: healthy as it is, and not when something lies where nothing should."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra import mail
from infra.doctor.__main__ import main
from infra.doctor.api import fetch
from infra.doctor.examination import Sender, examine
from infra.doctor.findings import Finding, Level
from tests.e2e.deployed import Deployed

DOMAIN = "muster.example.com"
# The local cloud's SES says this of every account; what is deployed here would take more.
RATE = 14


@pytest.fixture(autouse=True)
def _as_on_aws(deployed: Deployed) -> None:
    """What a template says and the local cloud does not do, and what a person does beforehand."""
    mail.verify_locally(deployed.cloud, DOMAIN)
    deployed.cloud.client("ses").verify_domain_dkim(Domain=DOMAIN)
    dynamodb = deployed.cloud.client("dynamodb")
    for name in ("CoreTable", "EnrollmentsTable", "OutboxTable"):
        dynamodb.update_continuous_backups(
            TableName=deployed.stack.resources[name],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    lives = dynamodb.describe_time_to_live(TableName=deployed.stack.resources["OutboxTable"])
    if lives["TimeToLiveDescription"]["TimeToLiveStatus"] != "ENABLED":
        dynamodb.update_time_to_live(
            TableName=deployed.stack.resources["OutboxTable"],
            TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True},
        )


@pytest.fixture
def dead_letter(deployed: Deployed) -> Iterator[None]:
    """A wake-up of the mailer that failed every time: nobody reads that queue."""
    sqs, url = deployed.cloud.client("sqs"), deployed.stack.resources["MailDeadLetters"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    yield
    sqs.purge_queue(QueueUrl=url)


def found(deployed: Deployed) -> dict[str, Finding]:
    return dict(examine(deployed.cloud, "dev", Sender(mail_rate=RATE), datetime.now(UTC), fetch))


def test_a_stage_that_was_just_deployed_is_healthy(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    # Lambda may still be at the last change of a function.
    deployed.until(lambda: found(deployed)["functions"].level, lambda level: level is not Level.WARN)
    findings = found(deployed)
    assert {name: one for name, one in findings.items() if one.level is Level.BAD} == {}
    for name in ("stack", "concurrency", "sender", "tables", "functions", "readers", "sweep", "queues", "API"):
        assert findings[name].level is Level.OK, (name, findings[name])
    assert main(["--stage", "dev", "--mail-rate", str(RATE), "--endpoint", str(deployed.cloud.endpoint)]) == 0
    assert "0 bad" in capsys.readouterr().out


@pytest.mark.usefixtures("dead_letter")
def test_a_dead_letter_is_found(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    finding = found(deployed)["dead letters"]
    assert (finding.level, finding.says) == (Level.BAD, "1 in MailDeadLetters")
    assert main(["--stage", "dev", "--mail-rate", str(RATE), "--endpoint", str(deployed.cloud.endpoint)]) == 1
    assert "1 in MailDeadLetters" in capsys.readouterr().out


def test_a_reader_that_was_stopped_is_found(deployed: Deployed) -> None:
    lambda_, reader = deployed.cloud.client("lambda"), deployed.stack.resources["MailerMailerSqsEventSource"]
    lambda_.update_event_source_mapping(UUID=reader, Enabled=False)
    try:
        finding = found(deployed)["readers"]
    finally:
        lambda_.update_event_source_mapping(UUID=reader, Enabled=True)
    assert finding.level is Level.BAD
    assert "MailerMailerSqsEventSource is Disabled" in finding.says


def test_before_the_first_deployment_the_account_is_looked_at(deployed: Deployed) -> None:
    sender = Sender(f"training@{DOMAIN}", RATE)
    findings = dict(examine(deployed.cloud, "prod", sender, datetime.now(UTC), fetch))
    assert findings["stack"].says == "prod is not deployed"
    assert findings["sender"].level is Level.OK
    assert findings["SES quota"].level is Level.OK
    assert "tables" not in findings


def test_a_rate_that_ses_does_not_allow_is_found(deployed: Deployed) -> None:
    findings = dict(examine(deployed.cloud, "dev", Sender(mail_rate=15), datetime.now(UTC), fetch))
    assert findings["SES quota"].level is Level.BAD
