"""Uploads of people: judged, decided, invited; and what is left of them (I2, I3, B5, B12)."""

import csv
import io
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.people.uploads.template import template_xlsx
from tests.harness import World
from tests.stories.uploading import HEAD, XLSX, Uploading, form_of
from tests.unit.people.uploads.spreadsheet.workbooks import workbook


def test_an_upload_is_judged_approved_invited_and_its_people_join_with_what_the_file_said(
    world: World, uploading: Uploading
) -> None:
    department, location = world.department(uploading.org, "Sales"), world.location(uploading.org, "Hall 7")
    seen = uploading.preview(
        "ann@example.com,Ann,Lee,Finance,Sales,Hall 7,A-1",
        "  Bob@Example.com ,Bob,Ray,finance,,,",
        "nobody,No,Body,Finance,,,",
    )
    seen = uploading.mapped(seen["import_id"], columns={"Badge": "field"})
    assert [row["verdict"] for row in seen["rows"]] == ["ok", "corrected", "failed"]
    assert (seen["status"], seen["num_rows"], seen["num_corrected"], seen["num_failed"]) == ("preview", 3, 1, 1)
    assert uploading.by_status("prospect") == []
    assert uploading.mailbox.send() == 0

    answer = uploading.decide(seen["import_id"])
    assert (answer.status, answer.json["status"]) == (202, "approved")
    uploading.driver.work()
    done = uploading.detail(seen["import_id"])
    assert (done["status"], done["num_invited"], done["num_failed"]) == ("done", 2, 1)
    assert [row["outcome"] for row in done["rows"]] == ["invited", "invited", None]

    token = uploading.mailed_token("ann@example.com")
    account = world.account("ann@example.com")
    (mine,) = world.every("/me/invites", account)
    assert world.post(f"/me/invites/{mine['invite_id']}/accept", account, {"token": token}).status == 200
    uploading.driver.work()
    person = uploading.member(done["rows"][0]["member_id"])
    assert (person["first_name"], person["last_name"], person["fields"]) == ("Ann", "Lee", {"Badge": "A-1"})
    assert (person["group_ids"], person["department_id"], person["location_id"]) == (
        [uploading.group], department, location,
    )  # fmt: skip
    assert [one["course_id"] for one in world.every("/me/courses", account)] == [uploading.course]


def test_until_a_person_accepts_their_name_is_nowhere_but_in_the_preview(world: World, uploading: Uploading) -> None:
    seen = uploading.preview("ann@example.com,Zebedee,Quill,Finance,,,")
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    uploading.mailbox.send()
    told = [
        world.get(f"/orgs/{uploading.org}/{what}", uploading.admin).text for what in ("members", "audit", "imports")
    ]
    told += [world.get(f"/orgs/{uploading.org}/members?search=Zeb", uploading.admin).text]
    told += [json.dumps(uploading.mails("ann@example.com"), default=str)]
    assert not any("Zebedee" in text or "Quill" in text for text in told)
    assert "Zebedee" in json.dumps(uploading.detail(seen["import_id"]))


def test_the_file_is_kept_until_the_decision_and_then_deleted(uploading: Uploading) -> None:
    first, second = (uploading.preview(f"{name}@example.com,A,B,Finance,,,") for name in ("ann", "bob"))
    assert len(uploading.files()) == 2
    assert uploading.decide(first["import_id"]).status == 202
    assert uploading.decide(second["import_id"], "disapprove").json["status"] == "disapproved"
    assert uploading.files() == []
    assert len(uploading.detail(second["import_id"])["rows"]) == 1


def test_a_disapproved_upload_invites_nobody_and_a_decision_is_final(world: World, uploading: Uploading) -> None:
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,,,")
    uploading.decide(seen["import_id"], "disapprove")
    for what in ("approve", "disapprove"):
        answer = uploading.decide(seen["import_id"], what)
        assert (answer.status, answer.json["code"]) == (409, "already_decided")
    uploading.driver.work()
    assert uploading.by_status("prospect") == []


def test_the_same_upload_and_decision_sent_twice_happen_once(world: World, uploading: Uploading) -> None:
    content = HEAD + "ann@example.com,Ann,Lee,Finance,,,"
    first = uploading.upload(content, key="one")
    assert uploading.upload(content, key="one").json == first.json
    world.lose_answers()
    assert uploading.upload(content, key="one").json == first.json
    import_id = first.json["import_id"]
    approved = uploading.decide(import_id, key="two")
    world.lose_answers()
    assert uploading.decide(import_id, key="two").json["decided_at"] == approved.json["decided_at"]
    uploading.driver.work()
    uploading.driver.work()
    uploading.mailbox.send()
    assert uploading.mailbox.to() == ["ann@example.com"]
    assert len(world.every(f"/orgs/{uploading.org}/imports", uploading.admin)) == 1


def test_people_of_an_upload_are_mailed_at_the_chosen_instant(world: World, uploading: Uploading) -> None:
    seen = uploading.preview(*(f"person{n}@example.com,P,{n},Finance,,," for n in range(30)))
    at = world.now + timedelta(days=2)
    uploading.decide(seen["import_id"], notify=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    uploading.driver.work()
    uploading.mailbox.send()
    assert uploading.mailbox.to() == []
    world.now = at
    assert uploading.driver.fire() == 2
    uploading.mailbox.send()
    assert len(uploading.mailbox.to()) == 30
    assert [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")] == []


def test_500_people_are_invited_and_a_501st_row_refuses_the_file(world: World, uploading: Uploading) -> None:
    rows = [f"person{n}@example.com,First,Last,Finance,,," for n in range(501)]
    refused = uploading.upload(HEAD + "\r\n".join(rows))
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "too_many_rows")
    seen = uploading.preview(*rows[:500])
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    done = uploading.detail(seen["import_id"])
    assert (done["status"], done["num_invited"], done["num_failed"]) == ("done", 500, 0)
    waiting = [item for item in world.dump("outbox") if item["pk"].startswith("QUEUE#")]
    assert len(waiting) == 500


def test_who_came_into_the_directory_after_the_preview_is_left_alone(world: World, uploading: Uploading) -> None:
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,,,", "bob@example.com,Bob,Ray,Finance,,,")
    (by_hand,) = uploading.invite("ann@example.com")
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    done = uploading.detail(seen["import_id"])
    assert [row["outcome"] for row in done["rows"]] == ["failed", "invited"]
    assert done["rows"][0]["problems"][0]["code"] == "already_member"
    assert (done["num_invited"], done["num_failed"]) == (1, 1)
    assert uploading.member(by_hand["member_id"])["status"] == "prospect"


def test_failed_rows_come_as_a_file_that_can_be_mended_and_uploaded_again(world: World, uploading: Uploading) -> None:
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,,,", "bob@example.com,Bob,Ray,Nowhere,,,+49 151 23")
    assert seen["rows"][1]["verdict"] == "failed", seen
    file = world.get(f"/orgs/{uploading.org}/imports/{seen['import_id']}/failed", uploading.admin)
    assert (file.status, file.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert "ann@example.com" not in file.text
    again = uploading.upload(file.text.replace("Nowhere", "Finance"))
    assert again.status == 201, again.text
    assert [row["verdict"] for row in again.json["rows"]] == ["ok"]


def test_who_fails_after_approval_comes_into_the_file_with_all_rows_of_theirs(
    world: World, uploading: Uploading
) -> None:
    department = world.department(uploading.org, "Sales")
    world.group(uploading.org, "Legal")
    rows = ("ann@example.com,Ann,Lee,Finance,Sales,,", "bob@example.com,Bob,Ray,Finance,,,")
    merged = ("ann@example.com,Ann,Lee,Legal,Sales,,", "bob@example.com,Bob,Ray,Legal,,,")
    seen = uploading.preview(*rows, *merged)
    assert [row["verdict"] for row in seen["rows"]] == ["ok", "ok", "merged", "merged"]
    assert world.delete(f"/orgs/{uploading.org}/departments/{department}", uploading.admin).status == 204
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    file = world.get(f"/orgs/{uploading.org}/imports/{seen['import_id']}/failed", uploading.admin)
    told = list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert [(row["E-mail"], row["Groups"]) for row in told] == [
        ("ann@example.com", "Finance"), ("ann@example.com", "Legal"),
    ]  # fmt: skip
    assert all("was deleted after the preview" in row["Problem"] for row in told)
    again = uploading.upload(file.text.replace(",Sales,", ",,"))
    assert [row["verdict"] for row in again.json["rows"]] == ["ok", "merged"]


def test_the_template_is_a_file_that_can_be_uploaded_once_it_is_filled_in(world: World, uploading: Uploading) -> None:
    plain = world.get(f"/orgs/{uploading.org}/invites/template", uploading.admin)
    assert plain.headers["content-disposition"] == 'attachment; filename="people.csv"'
    filled = plain.text.rstrip() + "\r\nann@example.com,Ann,Lee,Finance,,,\r\n"
    assert uploading.upload(filled).json["num_failed"] == 0
    assert world.get(f"/orgs/{uploading.org}/invites/template?format=pdf", uploading.admin).status == 422


@pytest.mark.parametrize("accept", ["application/json", "text/html, image/*", "*/*"])
def test_the_workbook_comes_whatever_the_request_accepts(world: World, uploading: Uploading, accept: str) -> None:
    headers = {"Accept": accept}
    book = world.get(f"/orgs/{uploading.org}/invites/template?format=xlsx", uploading.admin, headers=headers)
    assert (book.status, book.headers["content-type"]) == (200, XLSX)


def test_a_request_without_an_accept_header_is_sent_to_the_workbook_in_the_bucket(
    world: World, uploading: Uploading
) -> None:
    """The gateway would leave it in Base64."""
    path = f"/orgs/{uploading.org}/invites/template?format=xlsx"
    locations = []
    for headers in ({}, {"Accept": ""}):
        sent_on = world.get(path, uploading.admin, headers=headers)
        assert (sent_on.status, sent_on.text) == (303, "")
        locations.append(urlsplit(sent_on.headers["location"]))
    assert locations[0].path == locations[1].path
    assert parse_qs(locations[0].query)["response-content-disposition"] == ['attachment; filename="people.xlsx"']
    key = "uploads/" + locations[0].path.partition("/uploads/")[2]
    stored = world.client("s3").get_object(Bucket=world.stage.environment["FILES_BUCKET"], Key=key)
    assert (stored["Body"].read(), stored["ContentType"]) == (template_xlsx(), XLSX)
    # What is no workbook is answered as ever.
    assert world.get(f"/orgs/{uploading.org}/invites/template", uploading.admin).status == 200
    assert world.get(path, world.account()).status == 404


def test_a_file_comes_in_a_form_as_browsers_send_it(uploading: Uploading) -> None:
    content = (HEAD + "ann@example.com,Ann,Lee,Finance,,,").encode()
    first = uploading.upload(*form_of(("people.csv", "text/csv", content)), key="one")
    assert (first.status, first.json["num_rows"]) == (201, 1), first.text
    again = uploading.upload(*form_of(("people.csv", "text/csv", content), boundary="other"), key="one")
    assert again.json == first.json
    book = uploading.upload(
        *form_of(("people.xlsx", XLSX, workbook(("E-mail", "Groups"), ("bob@example.com", "Finance"))))
    )
    assert (book.status, book.json["rows"][0]["verdict"]) == (201, "ok"), book.text


def test_a_form_without_a_file_or_with_two_is_refused(uploading: Uploading) -> None:
    file = ("people.csv", "text/csv", b"E-mail\r\nann@example.com")
    for files in ((), (file, file)):
        answer = uploading.upload(*form_of(*files))
        assert (answer.status, answer.json["code"]) == (400, "not_one_file")
    answer = uploading.upload(form_of(file)[0], "multipart/form-data")
    assert (answer.status, answer.json["code"]) == (400, "unreadable_form")


@pytest.mark.parametrize("content_type", ["text/x-csv", "Text/CSV; header=present", "application/csv", "text/plain"])
def test_csv_is_taken_under_each_of_its_names(uploading: Uploading, content_type: str) -> None:
    assert uploading.upload(HEAD + "ann@example.com,Ann,Lee,Finance,,,", content_type).status == 201


def test_a_content_type_that_is_not_taken_is_answered_with_those_that_are(world: World, uploading: Uploading) -> None:
    answer = uploading.upload(b"{}", "application/json")
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    for name in ("text/csv", "multipart/form-data", XLSX):
        assert name in answer.json["detail"]
    path = f"/orgs/{uploading.org}/imports/none/approve"
    answer = world.request("POST", path, as_=uploading.admin, raw=b"x", headers={"Content-Type": "text/csv"})
    assert (answer.status, answer.json["detail"]) == (415, "Send it with Content-Type application/json.")


def test_uploads_need_an_active_subscription(world: World, uploading: Uploading) -> None:
    without = world.org(uploading.driver.msp, "Without")
    headers = {"Content-Type": "text/csv"}
    answer = world.request(
        "POST", f"/orgs/{without}/imports", as_=world.org_admin(without), raw=HEAD.encode(), headers=headers
    )
    assert (answer.status, answer.json["code"]) == (409, "subscription_needed")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", "text/csv", 422, "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "text/csv", 422, "not_a_spreadsheet"),
        (b"PK\x03\x04" + bytes(50), XLSX, 422, None),
        (b"a,b\r\n1,2\r\n", "text/csv", 422, "no_email_column"),
        (b"x" * 5_000_001, "text/csv", 413, "body_too_large"),
        (b"{}", "application/json", 415, "unsupported_media_type"),
    ],
)
def test_what_is_no_list_of_people_is_refused_and_leaves_nothing(
    world: World, uploading: Uploading, content: bytes, content_type: str, status: int, code: str | None
) -> None:
    before = world.dump("core")
    answer = uploading.upload(content, content_type)
    assert answer.status == status, answer.text
    told = [error["code"] for error in answer.json.get("errors", [])] or [answer.json["code"]]
    assert code is None or told == [code]
    assert world.dump("core") == before
    assert uploading.files() == []


def test_an_upload_in_which_every_row_failed_cannot_be_approved(uploading: Uploading) -> None:
    seen = uploading.preview("nobody,No,Body,Finance,,,")
    answer = uploading.decide(seen["import_id"])
    assert (answer.status, answer.json["code"]) == (409, "nobody_to_invite")


def test_uploads_are_listed_newest_first_and_are_gone_after_a_year(world: World, uploading: Uploading) -> None:
    first = uploading.preview("ann@example.com,Ann,Lee,Finance,,,")
    world.now += timedelta(minutes=1)
    second = uploading.preview("bob@example.com,Bob,Ray,Finance,,,")
    listed = world.every(f"/orgs/{uploading.org}/imports?limit=1", uploading.admin)
    assert [one["import_id"] for one in listed] == [second["import_id"], first["import_id"]]
    world.now += timedelta(days=366)
    assert world.get(f"/orgs/{uploading.org}/imports/{first['import_id']}", uploading.admin).status == 404


def test_500_rows_that_fail_are_told_one_by_one_also_under_a_key(world: World, uploading: Uploading) -> None:
    rows = [f"not an address {n},First,Last,Nowhere {n},Elsewhere {n},Nothing {n}," for n in range(500)]
    first = uploading.upload(HEAD + "\r\n".join(rows), key="one")
    assert (first.status, first.json["num_failed"]) == (201, 500), first.text[:300]
    assert uploading.upload(HEAD + "\r\n".join(rows), key="one").json == first.json


def test_a_row_that_is_too_much_to_keep_is_named_and_nobody_is_lost(uploading: Uploading) -> None:
    head = ",".join(["E-mail", "Groups", *(f"Field {number}" for number in range(30))])
    uploading.mapped(
        uploading.upload(f"{head}\r\nann@example.com,Finance").json["import_id"],
        columns={f"Field {number}": "field" for number in range(30)},
    )
    fields, long_fields = (",".join("\u0416" * length for _ in range(30)) for length in (500, 999))
    unnamed = ",".join("\u0416" * 999 for _ in range(18))
    kept = uploading.upload(f"{head}\r\nann@example.com,Finance\r\nbob@example.com,Finance,{fields}")
    assert (kept.status, len(kept.json["rows"])) == (201, 2), kept.text[:300]
    assert len(uploading.detail(kept.json["import_id"])["rows"]) == 2
    refused = uploading.upload(f"{head}\r\nbob@example.com,Finance,{long_fields},{unnamed}")
    assert (refused.status, refused.json["code"]) == (422, "row_too_long"), refused.text[:300]
    assert "Row 2" in refused.json["detail"]


def test_who_was_to_be_in_a_department_or_location_that_is_gone_is_not_invited(
    world: World, uploading: Uploading
) -> None:
    department, location = world.department(uploading.org, "Sales"), world.location(uploading.org, "Hall 7")
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,Sales,,", "bob@example.com,Bob,Ray,Finance,,Hall 7,")
    assert world.delete(f"/orgs/{uploading.org}/departments/{department}", uploading.admin).status == 204
    assert world.delete(f"/orgs/{uploading.org}/locations/{location}", uploading.admin).status == 204
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    done = uploading.detail(seen["import_id"])
    assert [row["problems"][0]["code"] for row in done["rows"]] == ["department_gone", "location_gone"]
    assert (done["status"], done["num_invited"], done["num_failed"]) == ("done", 0, 2)


def test_nobody_of_a_file_is_invited_once_the_client_is_closed(uploading: Uploading) -> None:
    world, driver = uploading.world, uploading.driver
    waiting = uploading.preview("bob@example.com,,,Finance,,,")["import_id"]
    approved = uploading.preview("ann@example.com,,,Finance,,,")["import_id"]
    assert uploading.decide(approved).status == 202
    assert world.post(f"/msp/organizations/{uploading.org}/close", driver.admin).status == 202
    driver.work()
    for answer in (uploading.decide(waiting), uploading.upload(HEAD + "eve@example.com,,,Finance,,,")):
        assert (answer.status, answer.json["code"]) == (409, "client_closed")
    (row,) = uploading.detail(approved)["rows"]
    assert (row["outcome"], [one["code"] for one in row["problems"]]) == ("failed", ["client_closed"])
    assert uploading.by_status("prospect") == []
    assert uploading.decide(waiting, "disapprove").status == 200
