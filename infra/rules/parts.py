"""A packaged template, read: resources by kind, what feeds a function, what its role may do, what alarms look at."""

from collections.abc import Callable, Iterator
from typing import Any

Template = dict[str, Any]
Statement = dict[str, Any]
Rule = Callable[[Template], Iterator[str]]

FUNCTION = "AWS::Serverless::Function"
QUEUE = "AWS::SQS::Queue"
ALARM = "AWS::CloudWatch::Alarm"


def of_type(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, resource) for name, resource in template["Resources"].items() if resource["Type"] == kind]


def named_by(reference: Any) -> str:
    """The logical id in a Ref or a GetAtt; empty for anything else."""
    if not isinstance(reference, dict):
        return ""
    return str(reference["Ref"] if "Ref" in reference else reference.get("Fn::GetAtt", [""])[0])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def dead_letters_of(queue: dict[str, Any]) -> str | None:
    """The logical id of the queue that takes what this one gives up."""
    redrive = queue["Properties"].get("RedrivePolicy")
    return named_by(redrive["deadLetterTargetArn"]) if redrive else None


def sqs_events(function: dict[str, Any]) -> list[dict[str, Any]]:
    """The properties of each queue that feeds a function."""
    events = function["Properties"].get("Events", {}).values()
    return [event["Properties"] for event in events if event["Type"] == "SQS"]


def statements_of(template: Template, function: dict[str, Any]) -> list[Statement]:
    """What the function's role may do."""
    role = template["Resources"][named_by(function["Properties"]["Role"])]
    return [
        statement for policy in role["Properties"]["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    ]


def watched(template: Template) -> set[tuple[str, str, str]]:
    """Metric, dimension, and its value or the logical id in it, of all that alarms look at, expressions included."""
    return {seen for _, alarm in of_type(template, ALARM) for seen in metrics_of(alarm)}


def metrics_of(alarm: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for metric in _metrics(alarm):
        for dimension in metric.get("Dimensions", []):
            value = dimension["Value"]
            yield metric["MetricName"], dimension["Name"], value if isinstance(value, str) else named_by(value)


def metric_names_of(alarm: dict[str, Any]) -> list[str]:
    return [str(metric["MetricName"]) for metric in _metrics(alarm)]


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    properties: dict[str, Any] = alarm["Properties"]
    stats = [one["MetricStat"]["Metric"] for one in properties.get("Metrics", []) if "MetricStat" in one]
    return stats or [properties]
