"""Whether functions can run, and whether something starts them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn
from infra.doctor.stack import Resource

# Schedules fire within their minute; what is older than this was not taken, and AWS goes on trying.
_OVERDUE = timedelta(minutes=5)
# Each asks once more for its instant, and those that were made first come first.
_LOOKED_AT = 50


def functions(lambda_: Any, found: Iterable[Resource]) -> Finding:
    broken, changing, number = [], [], 0
    for function in found:
        number += 1
        said = lambda_.get_function_configuration(FunctionName=function.id)
        state, update = said["State"], said.get("LastUpdateStatus", "Successful")
        # Inactive is one that was idle for weeks; the next event wakes it.
        if state not in ("Active", "Inactive", "Pending") or update == "Failed":
            reason = said.get("StateReason") or said.get("LastUpdateStatusReason") or "without a reason"
            broken.append(f"{function.name} is {state}, its update {update}: {reason}")
        elif state == "Pending" or update == "InProgress":
            changing.append(function.name)
    if broken:
        return bad("; ".join(broken), "Deploy again; if it stays, the reason is AWS's own.")
    if changing:
        return warn(f"{', '.join(changing)} is being changed", "Look again in a minute.")
    return ok(f"{number} can run")


def readers(lambda_: Any, mappings: Iterable[Resource]) -> Finding:
    """The event source mappings, which take messages from the queues to the functions."""
    state_by_name = {one.name: lambda_.get_event_source_mapping(UUID=one.id)["State"] for one in mappings}
    stopped = {name: state for name, state in state_by_name.items() if state in ("Disabled", "Disabling", "Deleting")}
    if stopped:
        told = ", ".join(f"{name} is {state}" for name, state in sorted(stopped.items()))
        return bad(told, f"Unless somebody means it: {_START}")
    changing = sorted(name for name, state in state_by_name.items() if state != "Enabled")
    if changing:
        return warn(f"{', '.join(changing)} is being changed", "Look again in a minute.")
    return ok(f"{len(state_by_name)} queues are read")


_START = "aws lambda update-event-source-mapping --enabled --uuid ..."


def sweep(events: Any, rules: Iterable[Resource]) -> Finding:
    """The rule that starts the sweep every minute."""
    state_by_id = {rule.id: events.describe_rule(Name=rule.id)["State"] for rule in rules}
    if not state_by_id:
        return bad("no rule starts the sweep", "Deploy again.")
    off = sorted(name for name, state in state_by_id.items() if state == "DISABLED")
    if off:
        return bad(f"{', '.join(off)} is off: what was lost stays lost", f"aws events enable-rule --name {off[0]}")
    return ok("the sweep is started every minute")


def schedules(scheduler: Any, group: str, now: datetime) -> Finding:
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    found = [one for page in pages for one in page["Schedules"]]
    off = [one["Name"] for one in found if one["State"] != "ENABLED"]
    if off:
        return bad(f"{len(off)} of {len(found)} are off, {off[0]} among them", _HAND_MADE)
    oldest = sorted(found, key=lambda one: one["CreationDate"])
    overdue = [one["Name"] for one in islice(oldest, _LOOKED_AT) if _instant(scheduler, one) < now - _OVERDUE]
    if overdue:
        return warn(f"{len(overdue)} should have fired, {overdue[0]} among them", _NOT_TAKEN)
    return ok(f"{len(found)} waiting" if found else "none waiting")


_HAND_MADE = "Muster turns none off: somebody did. The sweep does what they should have done, a few minutes late."
_NOT_TAKEN = "The jobs queue did not take it: look at the role of the schedules. The sweep does it, a few minutes late."


def _instant(scheduler: Any, schedule: dict[str, Any]) -> datetime:
    """Muster's say `at(2027-01-04T08:00:00)`, in UTC."""
    said = scheduler.get_schedule(GroupName=schedule["GroupName"], Name=schedule["Name"])["ScheduleExpression"]
    return datetime.fromisoformat(said.removeprefix("at(").removesuffix(")")).replace(tzinfo=UTC)
