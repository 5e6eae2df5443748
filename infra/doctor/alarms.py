"""Whether an alarm rings, and whether anybody would hear it."""

from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn
from infra.doctor.stack import Resource

# As many as CloudWatch takes at once.
_AT_ONCE = 100


def ringing(cloudwatch: Any, alarms: list[Resource]) -> Finding:
    name_by_id = {alarm.id: alarm.name for alarm in alarms}
    ids = sorted(name_by_id)
    found = [
        alarm
        for start in range(0, len(ids), _AT_ONCE)
        for alarm in cloudwatch.describe_alarms(AlarmNames=ids[start : start + _AT_ONCE], MaxRecords=_AT_ONCE)[
            "MetricAlarms"
        ]
    ]
    rings = {name_by_id[one["AlarmName"]]: one for one in found if one["StateValue"] == "ALARM"}
    if rings:
        told = sorted({one.get("AlarmDescription", "") for one in rings.values()})
        return bad(", ".join(sorted(rings)), " ".join(told))
    silenced = sorted(name_by_id[one["AlarmName"]] for one in found if not one["ActionsEnabled"])
    if silenced:
        return warn(f"{', '.join(silenced)} tell nobody", "aws cloudwatch enable-alarm-actions --alarm-names ...")
    if len(found) < len(ids):
        return bad(f"{len(ids) - len(found)} of {len(ids)} are gone", "Deploy again.")
    without_data = sum(one["StateValue"] == "INSUFFICIENT_DATA" for one in found)
    return ok(f"none of {len(found)} rings" + (f"; {without_data} have no data yet" if without_data else ""))


def listeners(sns: Any, topic_arn: str) -> Finding:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    found = [one for page in pages for one in page["Subscriptions"]]
    if not found:
        return warn("nobody is told of alarms", "Deploy with ALARM_EMAIL=ops@example.com.")
    waiting = [one["Endpoint"] for one in found if not one["SubscriptionArn"].startswith("arn:")]
    if waiting:
        return warn(f"{', '.join(waiting)} has not confirmed", "Press the link in the mail that AWS sent there.")
    return ok(f"told to {', '.join(one['Endpoint'] for one in found)}")
