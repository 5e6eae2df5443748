"""The tables, as the template made them: a restored one forgets most of it."""

from collections.abc import Iterable, Iterator
from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn
from infra.doctor.stack import Resource

# The one whose items go by themselves.
_OUTBOX = "OutboxTable"


def tables(dynamodb: Any, found: Iterable[Resource], stage: str) -> Finding:
    states = [(table, dynamodb.describe_table(TableName=table.id)["Table"]) for table in found]
    resting = [f"{table.name} is {said['TableStatus']}" for table, said in states if said["TableStatus"] != "ACTIVE"]
    if resting:
        return bad(", ".join(resting), "Wait until it is ACTIVE; while it is UPDATING it can be used.")
    forgotten = [
        f"{table.name} has no {what}" for table, said in states for what in _forgotten(dynamodb, table, said, stage)
    ]
    if forgotten:
        return warn(", ".join(forgotten), 'Switch it on again: docs/operations.md, "Restore a table".')
    return ok(f"{len(states)} answer, with point-in-time recovery")


def _forgotten(dynamodb: Any, table: Resource, said: dict[str, Any], stage: str) -> Iterator[str]:
    backups = dynamodb.describe_continuous_backups(TableName=table.id)["ContinuousBackupsDescription"]
    if backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        yield "point-in-time recovery"
    if stage == "prod" and not said.get("DeletionProtectionEnabled"):
        yield "deletion protection"
    if table.name == _OUTBOX:
        lives = dynamodb.describe_time_to_live(TableName=table.id)["TimeToLiveDescription"]
        if lives.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            yield "time to live"
