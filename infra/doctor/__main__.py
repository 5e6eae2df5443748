"""`make doctor`: a line for everything that a stage depends on, and what to do where it is not well.

python -m infra.doctor --stage dev [--mail-from training@example.com] [--mail-rate 14] [--endpoint http://127.0.0.1:4566]

Before a deployment it looks at the account, afterwards also at what was deployed. It changes nothing.
Ends with 1 when something is bad.
"""

import argparse
import os
import sys
from datetime import UTC, datetime

import boto3

from infra.cloud import REGION, Cloud
from infra.doctor.api import fetch
from infra.doctor.examination import Sender, examine
from infra.doctor.findings import Finding, Level
from infra.packaging import STAGES


def main(given: list[str] | None = None) -> int:
    arguments = argparse.ArgumentParser(description="What a stage's account and its parts are like, and what to do.")
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--mail-from", default="", help="the sender; the deployed one where nothing is said")
    arguments.add_argument("--mail-rate", default="", help="mails a second; the deployed ones where nothing is said")
    arguments.add_argument("--region", default="")
    arguments.add_argument("--endpoint", default="", help="the local cloud's address")
    chosen = arguments.parse_args(given)
    if chosen.mail_rate and not chosen.mail_rate.isdigit():
        arguments.error("MAIL_RATE is a whole number of mails a second")
    region = chosen.region or (REGION if chosen.endpoint else _chosen_region())
    sender = Sender(chosen.mail_from, int(chosen.mail_rate or 0))
    cloud = Cloud(chosen.endpoint or None, region)
    counted = dict.fromkeys(Level, 0)
    for name, finding in examine(cloud, chosen.stage, sender, datetime.now(UTC), fetch):
        print(_told(name, finding), flush=True)
        counted[finding.level] += 1
    print(f"\n{counted[Level.OK]} ok, {counted[Level.WARN]} to look at, {counted[Level.BAD]} bad")
    return 1 if counted[Level.BAD] else 0


def _chosen_region() -> str:
    """As the environment and its profile have it; empty when they have none."""
    # Of boto's tools only AWS's own command line reads AWS_REGION.
    return os.environ.get("AWS_REGION") or boto3.session.Session().region_name or ""  # type: ignore[no-untyped-call]


def _told(name: str, finding: Finding) -> str:
    line = f"{finding.level:4}  {name:16} {finding.says}"
    return f"{line}\n{'':23}-> {finding.do}" if finding.do else line


if __name__ == "__main__":
    sys.exit(main())
