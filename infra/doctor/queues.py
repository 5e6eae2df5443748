"""What lies in the queues. A queue without one for its dead letters is one for dead letters."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn
from infra.doctor.stack import Resource

# As the alarms have it (infra/alarms.yaml), and a third of that.
_LATE, _SLOW = 900, 300
_LOOK_BACK = timedelta(minutes=15)


def dead_letters(sqs: Any, queues: Iterable[Resource]) -> Finding:
    number_by_name = {}
    for queue in queues:
        attributes = _attributes(sqs, queue)
        if "RedrivePolicy" not in attributes:
            number_by_name[queue.name] = _number(attributes)
    filled = {name: number for name, number in number_by_name.items() if number}
    if filled:
        told = ", ".join(f"{number} in {name}" for name, number in sorted(filled.items()))
        return bad(told, 'Look at one, mend its cause, send it again: docs/operations.md, "Redrive a queue".')
    return ok(f"none in {', '.join(sorted(number_by_name))}")


def ages(sqs: Any, cloudwatch: Any, queues: Iterable[Resource], now: datetime) -> Finding:
    """SQS itself does not tell how long a message has waited; CloudWatch does, a minute or two later."""
    told, oldest = [], 0.0
    for queue in queues:
        attributes = _attributes(sqs, queue)
        if "RedrivePolicy" in attributes:
            age = _age(cloudwatch, queue, now)
            oldest = max(oldest, age)
            told.append(f"{queue.name} {_number(attributes)} waiting, the oldest for {age:.0f} s")
    says = "; ".join(told)
    if oldest > _LATE:
        return bad(says, 'Nothing moves: docs/operations.md, "Jobs are late".')
    if oldest > _SLOW:
        return warn(says, "Look again in ten minutes: it should have become less.")
    return ok(says)


def _attributes(sqs: Any, queue: Resource) -> dict[str, str]:
    answer: dict[str, str] = sqs.get_queue_attributes(QueueUrl=queue.id, AttributeNames=["All"])["Attributes"]
    return answer


def _number(attributes: dict[str, str]) -> int:
    """Those in somebody's hands included."""
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def _age(cloudwatch: Any, queue: Resource, now: datetime) -> float:
    """In seconds, as last measured; of a queue that was empty for long there is nothing."""
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue.id.rpartition("/")[2]}],
    }
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "age", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    values = answer["MetricDataResults"][0]["Values"]
    return float(values[0]) if values else 0.0
