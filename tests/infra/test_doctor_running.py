"""What the doctor says of functions, of what starts them, and of tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.doctor import running, tables
from infra.doctor.findings import Level
from infra.doctor.stack import Resource
from tests.infra.stubs import asked, client

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
WORKER = Resource("Worker", "AWS::Lambda::Function", "muster-dev-Worker-1")
READER = Resource("WorkerReader", "AWS::Lambda::EventSourceMapping", "21d2545b-4e0c-4880-b1f8-aefdef74cfdc")
RULE = Resource("SweeperEvent", "AWS::Events::Rule", "muster-dev-SweeperEvent-1")


@pytest.mark.parametrize(
    ("state", "update", "level"),
    [
        ("Active", "Successful", Level.OK),
        ("Inactive", "Successful", Level.OK),
        ("Pending", "Successful", Level.WARN),
        ("Active", "InProgress", Level.WARN),
        ("Active", "Failed", Level.BAD),
        ("Failed", "Successful", Level.BAD),
    ],
)
def test_functions_can_run(state: str, update: str, level: Level) -> None:
    said = {"State": state, "LastUpdateStatus": update}
    finding = running.functions(client("lambda", ("get_function_configuration", said)), [WORKER])
    assert finding.level is level
    assert level is Level.OK or "Worker" in finding.says


@pytest.mark.parametrize(
    ("state", "level"),
    [("Enabled", Level.OK), ("Updating", Level.WARN), ("Disabled", Level.BAD), ("Disabling", Level.BAD)],
)
def test_queues_are_read(state: str, level: Level) -> None:
    lambda_ = asked("lambda", ("get_event_source_mapping", {"UUID": READER.id}, {"State": state}))
    assert running.readers(lambda_, [READER]).level is level


def test_the_sweep_is_started() -> None:
    assert running.sweep(client("events", ("describe_rule", {"State": "ENABLED"})), [RULE]).level is Level.OK
    off = running.sweep(client("events", ("describe_rule", {"State": "DISABLED"})), [RULE])
    assert (off.level, off.do) == (Level.BAD, f"aws events enable-rule --name {RULE.id}")
    assert running.sweep(client("events"), []).level is Level.BAD


def schedule(name: str, state: str = "ENABLED", minute: int = 0) -> dict[str, Any]:
    return {"Name": name, "GroupName": "muster-dev", "State": state, "CreationDate": NOW + timedelta(minutes=minute)}


def of_group(*found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "list_schedules", {"Schedules": list(found)}


def at(instant: str) -> tuple[str, dict[str, Any]]:
    return "get_schedule", {"ScheduleExpression": f"at({instant})"}


def test_schedules_wait() -> None:
    assert running.schedules(client("scheduler", of_group()), "muster-dev", NOW).says == "none waiting"
    # One whose minute is just passing is not late.
    scheduler = client(
        "scheduler",
        of_group(schedule("a"), schedule("b", minute=1)),
        at("2026-11-28T08:56:00"),
        at("2027-01-04T08:00:00"),
    )
    finding = running.schedules(scheduler, "muster-dev", NOW)
    assert (finding.level, finding.says) == (Level.OK, "2 waiting")


def test_a_schedule_that_should_have_fired() -> None:
    finding = running.schedules(
        client("scheduler", of_group(schedule("a")), at("2026-11-28T08:54:00")), "muster-dev", NOW
    )
    assert (finding.level, finding.says) == (Level.WARN, "1 should have fired, a among them")


def test_a_schedule_that_somebody_turned_off() -> None:
    scheduler = client("scheduler", of_group(schedule("a"), schedule("b", "DISABLED")))
    finding = running.schedules(scheduler, "muster-dev", NOW)
    assert (finding.level, finding.says) == (Level.BAD, "1 of 2 are off, b among them")


def test_of_very_many_schedules_the_oldest_are_looked_at() -> None:
    found = [schedule(f"s{number:02}", minute=-number) for number in range(60)]
    turns: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("list_schedules", {"GroupName": "muster-dev"}, {"Schedules": found})
    ]
    turns += [
        (
            "get_schedule",
            {"GroupName": "muster-dev", "Name": f"s{number:02}"},
            {"ScheduleExpression": "at(2027-01-04T08:00:00)"},
        )
        for number in range(59, 9, -1)
    ]
    assert running.schedules(asked("scheduler", *turns), "muster-dev", NOW).says == "60 waiting"


CORE = Resource("CoreTable", "AWS::DynamoDB::Table", "core")
OUTBOX = Resource("OutboxTable", "AWS::DynamoDB::Table", "outbox")


def table(status: str = "ACTIVE", *, protected: bool = True) -> tuple[str, dict[str, Any]]:
    return "describe_table", {"Table": {"TableStatus": status, "DeletionProtectionEnabled": protected}}


def recovery(status: str) -> tuple[str, dict[str, Any]]:
    said = {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status},
    }
    return "describe_continuous_backups", {"ContinuousBackupsDescription": said}


def ttl(status: str) -> tuple[str, dict[str, Any]]:
    return "describe_time_to_live", {"TimeToLiveDescription": {"TimeToLiveStatus": status}}


def test_tables_are_as_the_template_made_them() -> None:
    dynamodb = client("dynamodb", table(), table(), recovery("ENABLED"), recovery("ENABLED"), ttl("ENABLED"))
    assert tables.tables(dynamodb, [CORE, OUTBOX], "prod").level is Level.OK


def test_what_a_restore_forgets() -> None:
    dynamodb = client("dynamodb", table(protected=False), recovery("DISABLED"), ttl("DISABLED"))
    finding = tables.tables(dynamodb, [OUTBOX], "prod")
    assert finding.level is Level.WARN
    assert [one.removeprefix("OutboxTable has no ") for one in finding.says.split(", ")] == [
        "point-in-time recovery", "deletion protection", "time to live",
    ]  # fmt: skip


def test_dev_may_delete_its_tables() -> None:
    dynamodb = client("dynamodb", table(protected=False), recovery("ENABLED"))
    assert tables.tables(dynamodb, [CORE], "dev").level is Level.OK


def test_a_table_that_is_being_made() -> None:
    finding = tables.tables(client("dynamodb", table("CREATING")), [CORE], "dev")
    assert (finding.level, finding.says) == (Level.BAD, "CoreTable is CREATING")
