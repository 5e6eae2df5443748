"""What the functions of a stage logged as errors: the first look when something went wrong.

python -m infra.logs --stage dev [--minutes 60]
"""

import argparse
import json
import time
from collections.abc import Iterator

from infra.cloud import Cloud, add_region, aws_cloud
from infra.packaging import STAGES

_MAX_SHOWN = 20


def latest_errors(cloud: Cloud, stage: str, minutes: int = 60) -> str:
    """One line each, the latest last."""
    found = sorted(_errors(cloud, stage, minutes))
    if not found:
        return f"no function logged an error in the last {minutes} minutes"
    return "\n".join(line for _, line in found[-_MAX_SHOWN:])


def _errors(cloud: Cloud, stage: str, minutes: int) -> Iterator[tuple[int, str]]:
    logs = cloud.client("logs")
    since = int((time.time() - 60 * minutes) * 1000)
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/muster/{stage}/")["logGroups"]:
        name = group["logGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=since)
        for page in pages:
            for event in page["events"]:
                if told := _told(event["message"]):
                    yield event["timestamp"], f"  {name.rpartition('/')[2]}: {told}"


def _told(message: str) -> str | None:
    """The message of an error, its ids and exceptions; None for everything else."""
    if "Task timed out" in message or "Runtime.ExitError" in message:
        return message.strip()
    if not message.startswith("{"):
        return None
    try:
        line = json.loads(message)
    except ValueError:
        return None
    if line.get("level") != "ERROR":
        return None
    raised = [part for part in str(line.pop("exception", "")).splitlines() if _names_an_exception(part)]
    dull = {"level", "location", "message", "timestamp", "service", "exception_name", "stack_trace"}
    ids = " ".join(f"{name}={value}" for name, value in line.items() if name not in dull)
    # The first of a chain is what happened, the last what it was taken for.
    return " | ".join(part for part in (line.get("message", ""), ids, *raised[:1], *raised[1:][-1:]) if part)


def _names_an_exception(line: str) -> bool:
    return bool(line) and not line.startswith((" ", "Traceback", "The above", "During"))


def main() -> None:
    arguments = argparse.ArgumentParser(description="Errors that the functions of a stage logged.")
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--minutes", type=int, default=60)
    add_region(arguments)
    chosen = arguments.parse_args()
    print(latest_errors(aws_cloud(chosen.region), chosen.stage, chosen.minutes))


if __name__ == "__main__":
    main()
