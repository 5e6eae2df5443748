"""Which checks there are, and in which order: the account first, then what is deployed in it."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from infra.cloud import Cloud
from infra.doctor import account, alarms, api, queues, running, sending, stack, tables
from infra.doctor.findings import Check, Finding, Level, examined
from infra.doctor.stack import Deployed

# As infra/stage.yaml has it.
_RATE = 14


@dataclass(frozen=True)
class Sender:
    """What the next deployment will say; empty and 0 for what this one says."""

    mail_from: str = ""
    mail_rate: int = 0


def examine(cloud: Cloud, stage: str, sender: Sender, now: datetime, get: api.Fetch) -> Iterator[tuple[str, Finding]]:
    """Each check's name with its finding, as soon as it is known. Without credentials there is only one."""

    def who() -> Finding:
        return account.credentials(cloud.client("sts"), cloud.region) if cloud.region else account.no_region()

    for name, finding in examined([Check("credentials", who)]):
        yield name, finding
        if finding.level is Level.BAD:
            return
    found: list[Deployed] = []

    def look_at_stack() -> Finding:
        deployed = stack.read(cloud.client("cloudformation"), stage)
        found.extend([deployed] if deployed else [])
        return stack.stack(deployed, stage)

    yield from examined([Check("stack", look_at_stack)])
    told = found[0].parameters if found else {}
    mail_from = sender.mail_from or told.get("MailFrom", "")
    mail_rate = sender.mail_rate or int(float(told.get("MailRate", _RATE)))
    yield from examined(_of_account(cloud, stage, mail_from, mail_rate))
    for deployed in found:
        yield from examined(_of_stage(cloud, stage, deployed, now, get))


def _of_account(cloud: Cloud, stage: str, mail_from: str, mail_rate: int) -> list[Check]:
    sesv2 = cloud.client("sesv2")
    # Asked once: SES answers such questions about once a second.
    said = functools.cache(sesv2.get_account)
    return [
        Check("concurrency", lambda: account.concurrency(cloud.client("lambda"), account.concurrency_of_queues())),
        Check("sender", lambda: sending.identity(cloud.client("ses"), mail_from)),
        Check("SES sandbox", lambda: sending.sandbox(said(), stage)),
        Check("SES sending", lambda: sending.sending(said())),
        Check("SES quota", lambda: sending.quota(said(), mail_rate)),
        Check("SES suppression", lambda: sending.suppression(said(), sesv2)),
    ]


def _of_stage(cloud: Cloud, stage: str, deployed: Deployed, now: datetime, get: api.Fetch) -> list[Check]:
    of_kind, client = deployed.of_kind, cloud.client
    sqs, lambda_, cloudwatch = client("sqs"), client("lambda"), client("cloudwatch")
    in_queues = of_kind("AWS::SQS::Queue")

    def news() -> Finding:
        return sending.news(client("sesv2"), of_kind("AWS::SES::ConfigurationSet"), deployed.id_of("MailEventsTopic"))

    def round_trip() -> Finding:
        url = deployed.parameters.get("PublicUrl") or cloud.api_url(deployed.id_of("RestAPI"), stage)
        return api.round_trip(get, url.rstrip("/"), deployed.parameters.get("Build", ""))

    return [
        Check("news of mails", news),
        Check("tables", lambda: tables.tables(client("dynamodb"), of_kind("AWS::DynamoDB::Table"), stage)),
        Check("functions", lambda: running.functions(lambda_, of_kind("AWS::Lambda::Function"))),
        Check("readers", lambda: running.readers(lambda_, of_kind("AWS::Lambda::EventSourceMapping"))),
        Check("sweep", lambda: running.sweep(client("events"), of_kind("AWS::Events::Rule"))),
        Check("schedules", lambda: running.schedules(client("scheduler"), deployed.id_of("ScheduleGroup"), now)),
        Check("queues", lambda: queues.ages(sqs, cloudwatch, in_queues, now)),
        Check("dead letters", lambda: queues.dead_letters(sqs, in_queues)),
        Check("alarms", lambda: alarms.ringing(cloudwatch, of_kind("AWS::CloudWatch::Alarm"))),
        Check("who hears them", lambda: alarms.listeners(client("sns"), deployed.id_of("AlarmTopic"))),
        Check("API", round_trip),
    ]
