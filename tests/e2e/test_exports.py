"""Exports on the deployed artifact: asked for and polled over HTTP, fetched from the bucket by a link alone."""

import csv
import io
import urllib.error
from typing import Any

import pytest

from chalicelib.aws import loading
from chalicelib.aws.files import PART_BYTES
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from tests.e2e.deployed import Deployed, Person
from tests.patience import fetched


def _ready(deployed: Deployed, admin: Person, path: str) -> Any:
    export = deployed.post(path, admin)
    assert (export["status"], export["url"]) == ("running", None)
    return deployed.until(
        lambda: deployed.get(f"/msp/exports/{export['export_id']}", admin), lambda found: found["status"] != "running"
    )


def _fetched(export: Any) -> tuple[list[dict[str, str]], Any, int]:
    """Rows, headers and size of the file, fetched without a token."""
    content, headers = fetched(export["url"])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) == export["num_rows"]
    return rows, headers, len(content)


def _every(deployed: Deployed, path: str, admin: Person) -> list[Any]:
    items: list[Any] = []
    cursor = ""
    while True:
        page = deployed.get(f"{path}?limit=100" + (f"&cursor={cursor}" if cursor else ""), admin)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


def test_the_learners_of_a_row_come_as_a_file_that_equals_their_list(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    course = make.course(msp_id, "Spotting Phishing")
    org_id = make.org(msp_id, "Büro & Söhne", courses=[course])
    make.member(org_id, first_name="=HYPERLINK(1)", last_name="Lee")
    make.members(org_id, 120)
    body = {"name": "Q1", "org_ids": [org_id], "courses": [{"course_id": course, "due_by": "2099-01-31"}]}
    (result,) = deployed.post("/msp/training/enrollment", admin, body)["results"]
    batch = f"/msp/training/{org_id}/{result['batch_id']}"
    deployed.until(lambda: deployed.get(batch, admin), lambda page: page["status"] == "completed")

    path = f"{batch}/courses/{course}/learners"
    export = _ready(deployed, admin, f"{path}/export")
    rows, headers, _ = _fetched(export)
    listed = _every(deployed, path, admin)
    assert [row["member_id"] for row in rows] == [item["member_id"] for item in listed]
    assert {(row["outcome"], row["status"], row["due_by"]) for row in rows} == {("enrolled", "enrolled", "2099-01-31")}
    assert {row["name"] for row in rows} == {"", "'=HYPERLINK(1) Lee"}
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="learners-buro-sohne-spotting-phishing-' in headers["Content-Disposition"]

    (batches,) = _fetched(_ready(deployed, admin, f"/msp/training/{org_id}/export"))[0]
    assert (batches["batch_id"], batches["status"]) == (result["batch_id"], "completed")

    stranger = deployed.msp_admin(make.msp())
    assert deployed.send("GET", f"/msp/exports/{export['export_id']}", stranger.token).status == 404
    assert deployed.send("POST", f"{path}/export", stranger.token).status == 404
    with pytest.raises(urllib.error.HTTPError) as refusal:
        fetched(export["url"].partition("?")[0])
    with refusal.value as answer:
        assert answer.code == 403


def test_a_file_that_goes_up_in_parts_comes_down_whole(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    # Names far longer than the API takes, so that few clients make a large file.
    keys = [f"{number:05}" for number in range(6_000)]
    loading.put_all(
        Org(msp_pk(msp_id), org_sk(key), org_id=key, msp_id=msp_id, name=key * 200, created_at="2027-01-04T10:00:00Z")
        for key in keys
    )
    rows, _, size = _fetched(_ready(deployed, admin, "/msp/training/export"))
    assert size > PART_BYTES
    assert [row["name"] for row in rows] == [key * 200 for key in keys]
