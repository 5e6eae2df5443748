"""That somebody hears of it when a function, a queue or the mail is in trouble, and finds it in the logs."""

import json
from collections.abc import Iterator
from typing import Any

from infra.rules.parts import (
    ALARM,
    FUNCTION,
    QUEUE,
    Rule,
    Template,
    dead_letters_of,
    listed,
    metric_names_of,
    metrics_of,
    named_by,
    of_type,
    statements_of,
    watched,
)

# Dropped invocations: a chain that Lambda cut off goes on nowhere, and no function fails by it.
_OF_EACH_FUNCTION = ("Errors", "Throttles", "RecursiveInvocationsDropped")

_AGE, _WAITING = "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"

# SES's own, and what the mailer's log counts: that SES takes none, and that it takes one never.
_OF_MAIL = frozenset({"Reputation.BounceRate", "Reputation.ComplaintRate", "MailNotTaken", "MailRefused"})

# What the application reads (notifications/delivery_events.py).
_MAIL_EVENTS = frozenset({"bounce", "complaint", "delivery", "reject"})


def functions_are_watched(template: Template) -> Iterator[str]:
    seen = watched(template)
    for name, function in of_type(template, FUNCTION):
        for metric in _OF_EACH_FUNCTION:
            if (metric, "FunctionName", name) not in seen:
                yield f"no alarm on {metric} of {name}"
        group = _log_group(function)
        if not group or "RetentionInDays" not in template["Resources"][group]["Properties"]:
            yield f"{name} logs into a group without retention"


def functions_log_into_their_own_group(template: Template) -> Iterator[str]:
    for name, function in of_type(template, FUNCTION):
        for statement in statements_of(template, function):
            writes_logs = any(action.startswith("logs:") for action in listed(statement["Action"]))
            if writes_logs and statement["Resource"] != {"Fn::GetAtt": [_log_group(function), "Arn"]}:
                yield f"{name} may write into logs that are not its own"


def queues_are_watched(template: Template) -> Iterator[str]:
    seen = watched(template)
    alarms = [(name, set(metrics_of(alarm))) for name, alarm in of_type(template, ALARM)]
    for name, queue in of_type(template, QUEUE):
        is_dead_letters = dead_letters_of(queue) is None
        metric = _WAITING if is_dead_letters else _AGE
        if (metric, "QueueName", name) not in seen:
            yield f"no alarm on {metric} of {name}"
        for alarm, found in alarms:
            if (_AGE, "QueueName", name) in found and (_WAITING, "QueueName", name) not in found:
                yield f"{alarm} rings for a single job that failed, which is old though nothing in {name} waits"


def mail_is_watched(template: Template) -> Iterator[str]:
    seen = {metric for _, alarm in of_type(template, ALARM) for metric in metric_names_of(alarm)}
    for metric in sorted(_OF_MAIL - seen):
        yield f"no alarm on {metric}"


def tables_are_watched(template: Template) -> Iterator[str]:
    seen = watched(template)
    for name, table in of_type(template, "AWS::DynamoDB::Table"):
        indexes = [index["IndexName"] for index in table["Properties"].get("GlobalSecondaryIndexes", [])]
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            if (metric, "TableName", name) not in seen:
                yield f"no alarm on {metric} of {name}"
            for index in indexes:
                if (metric, "GlobalSecondaryIndexName", index) not in seen:
                    yield f"no alarm on {metric} of {name}'s index {index}"


def mail_events_are_heard(template: Template) -> Iterator[str]:
    """What became of a mail comes from its configuration set, over a topic, to a function."""
    heard = {
        named_by(event["Properties"]["Topic"])
        for _, function in of_type(template, FUNCTION)
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "SNS"
    }
    told = {
        named_by(destination["Properties"]["ConfigurationSetName"]): set(event["MatchingEventTypes"])
        for _, destination in of_type(template, "AWS::SES::ConfigurationSetEventDestination")
        for event in [destination["Properties"]["EventDestination"]]
        if event.get("Enabled") is True and named_by(event.get("SnsDestination", {}).get("TopicARN")) in heard
    }
    sets = [name for name, _ in of_type(template, "AWS::SES::ConfigurationSet")]
    if not sets:
        yield "no configuration set tells what became of mails"
    for name in sets:
        for missing in sorted(_MAIL_EVENTS - told.get(name, set())):
            yield f"no function hears of a {missing} of a mail sent with {name}"


def the_dashboard_shows_it_all(template: Template) -> Iterator[str]:
    """Whatever can fail, wait or cost has its line, so that what is added later is not forgotten."""
    shown: set[tuple[str, str]] = set()
    for name, dashboard in of_type(template, "AWS::CloudWatch::Dashboard"):
        try:
            shown |= set(_shown(json.loads(dashboard["Properties"]["DashboardBody"]["Fn::Sub"])))
        except ValueError as error:
            yield f"{name} is no JSON: {error}"
    functions = [name for name, _ in of_type(template, FUNCTION)]
    queues = dict(of_type(template, QUEUE))
    wanted = {(metric, f"${{{name}}}") for name in functions for metric in ("Errors", "Throttles", "Duration")}
    wanted |= {(_WAITING, f"${{{name}.QueueName}}") for name in queues}
    wanted |= {(_AGE, f"${{{name}.QueueName}}") for name, queue in queues.items() if dead_letters_of(queue)}
    for name, _ in of_type(template, "AWS::DynamoDB::Table"):
        wanted |= {(metric, f"${{{name}}}") for metric in ("WriteThrottleEvents", "ConsumedWriteCapacityUnits")}
    wanted |= {(metric, "") for metric in (*_OF_MAIL, "Send", "Delivery", "Bounce", "Complaint", "Reject")}
    for metric, of in sorted(wanted - shown):
        yield f"no dashboard shows {metric} of {of or 'mail'}"


def _shown(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each metric with each value of its dimensions, or with none."""
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            _, name, *dimensions = [one for one in metric if isinstance(one, str)]
            yield from ((name, value) for value in dimensions[1::2] or [""])


def _log_group(function: dict[str, Any]) -> str:
    return named_by(function["Properties"].get("LoggingConfig", {}).get("LogGroup"))


RULES: tuple[Rule, ...] = (
    functions_are_watched,
    functions_log_into_their_own_group,
    queues_are_watched,
    tables_are_watched,
    mail_events_are_heard,
    mail_is_watched,
    the_dashboard_shows_it_all,
)
