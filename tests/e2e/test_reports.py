"""Reports on the deployed artifact: counted by the worker, kept in the bucket, read over HTTP and as a file."""

import csv
import io
from typing import Any

from tests.e2e.deployed import Deployed, Person
from tests.patience import fetched

PEOPLE = 120


def _counted(deployed: Deployed, path: str, admin: Person) -> Any:
    """The first look has it counted."""
    first = deployed.get(path, admin)
    assert (first["status"], first["as_of"], first["items"]) == ("counting", None, [])
    return deployed.until(lambda: deployed.get(path, admin), lambda report: report["status"] != "counting")


def test_reports_of_a_client_and_of_its_msp_are_counted_and_come_as_a_file(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    course = make.course(msp_id, "=Spotting Phishing")
    org_id = make.org(msp_id, "Büro & Söhne", courses=[course])
    make.org(msp_id, "Idle", courses=[])
    department = make.department(org_id, "Docks")
    make.members(org_id, PEOPLE - 20)
    make.members(org_id, 20, department_id=department)
    body = {"name": "Q1", "org_ids": [org_id], "courses": [{"course_id": course, "due_by": "2099-01-31"}]}
    (result,) = deployed.post("/msp/training/enrollment", admin, body)["results"]
    batch = f"/msp/training/{org_id}/{result['batch_id']}"
    deployed.until(lambda: deployed.get(batch, admin), lambda page: page["status"] == "completed")

    report = _counted(deployed, f"/orgs/{org_id}/reports/courses", admin)
    (line,) = report["items"]
    assert (report["status"], line["course_id"], line["title"]) == ("ready", course, "=Spotting Phishing")
    assert (line["num_enrolled"], line["num_due"], line["num_completed"]) == (PEOPLE, PEOPLE, 0)
    assert [point["num_due"] for point in report["series"]["points"]] == [0, PEOPLE]
    departments = deployed.get(f"/orgs/{org_id}/reports/departments?from=2099-01-31", admin)["items"]
    assert [(one["title"], one["num_due"]) for one in departments] == [(None, PEOPLE - 20), ("Docks", 20)]

    clients = _counted(deployed, "/msp/reports/clients", admin)["items"]
    assert [(one["title"], one["num_members"], one["num_enrolled"]) for one in clients] == [
        ("Büro & Söhne", PEOPLE, PEOPLE), ("Idle", 0, 0),
    ]  # fmt: skip

    export = deployed.post(f"/orgs/{org_id}/reports/courses/export", admin)
    ready = deployed.until(
        lambda: deployed.get(f"/orgs/{org_id}/exports/{export['export_id']}", admin),
        lambda found: found["status"] != "running",
    )
    content, _ = fetched(ready["url"])
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert (row["title"], row["num_enrolled"], row["as_of"]) == ("'=Spotting Phishing", str(PEOPLE), report["as_of"])

    stranger = deployed.msp_admin(make.msp())
    assert deployed.send("GET", f"/orgs/{org_id}/reports/courses", stranger.token).status == 404
