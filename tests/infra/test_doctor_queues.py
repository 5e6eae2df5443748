"""What the doctor says of queues, dead letters and alarms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.doctor import alarms, queues
from infra.doctor.findings import Level
from infra.doctor.stack import Resource
from tests.infra.stubs import asked, client

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
JOBS = Resource("JobsQueue", "AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/muster-jobs")
DEAD = Resource("JobsDeadLetters", "AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/muster-dead")


def lies(visible: int, held: int = 0, *, redrive: bool = False) -> tuple[str, dict[str, Any]]:
    said = {"ApproximateNumberOfMessages": str(visible), "ApproximateNumberOfMessagesNotVisible": str(held)}
    if redrive:
        said["RedrivePolicy"] = '{"deadLetterTargetArn":"arn","maxReceiveCount":5}'
    return "get_queue_attributes", {"Attributes": said}


def measured(*values: float) -> Any:
    return client("cloudwatch", ("get_metric_data", {"MetricDataResults": [{"Id": "age", "Values": list(values)}]}))


@pytest.mark.parametrize(
    ("visible", "held", "says"),
    [(0, 0, "none in JobsDeadLetters"), (2, 0, "2 in JobsDeadLetters"), (0, 1, "1 in JobsDeadLetters")],
)
def test_dead_letters_also_those_in_somebodys_hands(visible: int, held: int, says: str) -> None:
    sqs = client("sqs", lies(7, redrive=True), lies(visible, held))
    finding = queues.dead_letters(sqs, [JOBS, DEAD])
    assert (finding.says, finding.level) == (says, Level.BAD if visible + held else Level.OK)


@pytest.mark.parametrize(
    ("values", "level", "age"),
    [
        ((), Level.OK, 0),
        ((20.0, 5000.0), Level.OK, 20),
        ((300.0,), Level.OK, 300),
        ((301.0,), Level.WARN, 301),
        ((901.0, 1.0), Level.BAD, 901),
    ],
)
def test_how_long_the_oldest_waits_as_last_measured(values: tuple[float, ...], level: Level, age: int) -> None:
    sqs = client("sqs", lies(3, 1, redrive=True), lies(0))
    finding = queues.ages(sqs, measured(*values), [JOBS, DEAD], NOW)
    assert (finding.level, finding.says) == (level, f"JobsQueue 4 waiting, the oldest for {age} s")


def test_the_age_is_that_of_this_queue_in_the_last_quarter_of_an_hour() -> None:
    metric = {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": "muster-jobs"}],
    }  # fmt: skip
    question = {
        "MetricDataQueries": [{"Id": "age", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}],
        "StartTime": NOW - timedelta(minutes=15), "EndTime": NOW, "ScanBy": "TimestampDescending",
    }  # fmt: skip
    cloudwatch = asked(
        "cloudwatch", ("get_metric_data", question, {"MetricDataResults": [{"Id": "age", "Values": [1.0]}]})
    )
    assert queues.ages(client("sqs", lies(0, redrive=True)), cloudwatch, [JOBS], NOW).level is Level.OK


ALARMS = [
    Resource("JobsLate", "AWS::CloudWatch::Alarm", "m-JobsLate-1"),
    Resource("B", "AWS::CloudWatch::Alarm", "m-B-2"),
]


def states(*states_: str, heard: bool = True) -> Any:
    told = [
        {
            "AlarmName": alarm.id, "StateValue": state, "ActionsEnabled": heard,
            "AlarmDescription": f'See "{alarm.name}".',
        }
        for alarm, state in zip(ALARMS, states_, strict=False)
    ]  # fmt: skip
    return client("cloudwatch", ("describe_alarms", {"MetricAlarms": told}))


def test_no_alarm_rings() -> None:
    finding = alarms.ringing(states("OK", "INSUFFICIENT_DATA"), ALARMS)
    assert (finding.level, finding.says) == (Level.OK, "none of 2 rings; 1 have no data yet")


def test_an_alarm_rings_and_says_what_to_do() -> None:
    finding = alarms.ringing(states("ALARM", "OK"), ALARMS)
    assert (finding.level, finding.says, finding.do) == (Level.BAD, "JobsLate", 'See "JobsLate".')


def test_an_alarm_that_nobody_would_hear() -> None:
    assert alarms.ringing(states("OK", "OK", heard=False), ALARMS).level is Level.WARN


def test_an_alarm_that_somebody_took_away() -> None:
    finding = alarms.ringing(states("OK"), ALARMS)
    assert (finding.level, finding.says) == (Level.BAD, "1 of 2 are gone")


def test_many_alarms_are_asked_for_a_hundred_at_a_time() -> None:
    many = [Resource(f"A{number}", "AWS::CloudWatch::Alarm", f"a{number:03}") for number in range(130)]
    turns = [
        (
            "describe_alarms",
            {"AlarmNames": [one.id for one in part], "MaxRecords": 100},
            {"MetricAlarms": [{"AlarmName": one.id, "StateValue": "OK", "ActionsEnabled": True} for one in part]},
        )
        for part in (many[:100], many[100:])
    ]
    assert alarms.ringing(asked("cloudwatch", *turns), many).says == "none of 130 rings"


@pytest.mark.parametrize(
    ("subscription", "level"),
    [
        (None, Level.WARN),
        ("PendingConfirmation", Level.WARN),
        ("arn:aws:sns:us-east-1:123456789012:alarms:1", Level.OK),
    ],
)
def test_who_hears_the_alarms(subscription: str | None, level: Level) -> None:
    found = (
        [{"SubscriptionArn": subscription, "Protocol": "email", "Endpoint": "ops@example.com"}] if subscription else []
    )
    sns = client("sns", ("list_subscriptions_by_topic", {"Subscriptions": found}))
    assert alarms.listeners(sns, "arn:aws:sns:us-east-1:123456789012:alarms").level is level
