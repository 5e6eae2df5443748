"""Commands of operators, from the command line, on the deployed stage."""

import os
import subprocess
import sys

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.people.members.models import RosterEntry, learners_pk, member_sk
from infra.packaging import ROOT
from tests.e2e.deployed import Deployed


def _run(deployed: Deployed, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As on AWS, but for the address of its services."""
    own = {
        "AWS_ENDPOINT_URL": str(deployed.cloud.endpoint), "AWS_REGION": deployed.cloud.region,
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, check=False)


def test_rosters_of_before_departments_are_written_again(deployed: Deployed) -> None:
    make = deployed.make
    org = make.org(make.msp())
    department = make.department(org)
    person = make.member(org, department_id=department)
    old = RosterEntry(learners_pk(org), member_sk(person), status="active")
    table.transact([Write("put", old)])
    done = _run(deployed, "infra.renew_rosters", "--stage", "dev")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0].replace(",", "")) >= 1
    assert done.stdout.strip().endswith("people")
    entry = table.get(RosterEntry, learners_pk(org), member_sk(person))
    assert entry is not None
    assert entry.department_id == department


def test_a_stage_that_is_not_there_is_said_to_be_so(deployed: Deployed) -> None:
    missing = _run(deployed, "infra.renew_rosters", "--stage", "prod")
    assert missing.returncode != 0
    assert "prod" in missing.stderr
    assert "Traceback" not in missing.stderr
