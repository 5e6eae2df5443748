"""What was read of an uploaded file is said, and can be changed before approval: columns, sheet, encoding (B12)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from tests.harness import World
from tests.stories.uploading import HEAD, XLSX, Uploading, form_of
from tests.unit.people.uploads.spreadsheet.workbooks import saved, workbook


def columns_of(seen: dict[str, Any]) -> dict[str, tuple[str | None, str, str | None]]:
    return {column["heading"]: (column["meaning"], column["reason"], column["proposal"]) for column in seen["columns"]}


def codes_of(seen: dict[str, Any]) -> list[str]:
    return [remark["code"] for remark in seen["remarks"]]


def test_the_preview_says_what_each_column_was_taken_for_and_leaves_out_what_nobody_chose(uploading: Uploading) -> None:
    seen = uploading.upload("E-mail,Frist name,Group,Shoe size,\r\nann@example.com,Ann,Finance,38,x\r\n").json
    assert columns_of(seen) == {
        "E-mail": ("email", "known", None),
        "Frist name": (None, "not_chosen", "first_name"),
        "Group": ("groups", "known", None),
        "Shoe size": (None, "not_chosen", None),
        "": (None, "no_heading", None),
    }
    assert all(column["sentence"] for column in seen["columns"])
    assert (seen["sheet"], seen["encoding"], seen["encoding_source"]) == (None, "UTF-8", "bytes")
    values = seen["rows"][0]["values"]
    assert (seen["rows"][0]["verdict"], values["first_name"], values["fields"]) == ("ok", "", {})


def test_columns_are_chosen_judged_again_and_remembered_for_the_next_upload(world: World, uploading: Uploading) -> None:
    content = "E-mail,Frist name,Group,Shoe size\r\nann@example.com,Ann,Finance,38\r\n"
    first = uploading.upload(content).json
    chosen = {"Frist name": "first_name", "Shoe size": "field", "Group": None}
    seen = uploading.mapped(first["import_id"], columns=chosen)
    assert seen["import_id"] == first["import_id"]
    assert columns_of(seen)["Frist name"] == ("first_name", "chosen", None)
    (row,) = seen["rows"]
    assert (row["values"]["first_name"], row["values"]["fields"]) == ("Ann", {"Shoe size": "38"})
    assert [problem["code"] for problem in row["problems"]] == ["group_missing"]
    seen = uploading.mapped(first["import_id"], columns={"Group": "groups"})
    assert columns_of(seen)["Frist name"] == ("first_name", "last_time", None)
    assert (seen["rows"][0]["verdict"], seen["num_failed"]) == ("ok", 0)
    assert uploading.detail(first["import_id"]) == seen

    again = uploading.upload(content.replace("ann@", "bob@")).json
    assert columns_of(again)["Shoe size"] == ("field", "last_time", None)
    assert again["rows"][0]["values"]["fields"] == {"Shoe size": "38"}

    uploading.decide(first["import_id"])
    uploading.driver.work()
    (person,) = uploading.by_status("prospect")
    assert person["email"] == "ann@example.com"
    entries = world.every(f"/orgs/{uploading.org}/audit", uploading.admin)
    mapped = next(entry for entry in entries if entry["action"] == "import.mapped")
    assert mapped["after"]["columns"]["Group"] == "groups"


def test_an_address_under_an_unknown_heading_is_proposed_and_nobody_is_invited_until_it_is_chosen(
    uploading: Uploading,
) -> None:
    seen = uploading.upload("Kontakt,Groups\r\nann@example.com,Finance\r\n").json
    assert columns_of(seen)["Kontakt"] == (None, "not_chosen", "email")
    assert codes_of(seen) == ["no_email_chosen"]
    assert uploading.decide(seen["import_id"]).json["code"] == "nobody_to_invite"
    seen = uploading.mapped(seen["import_id"], columns={"Kontakt": "email"})
    assert (codes_of(seen), seen["rows"][0]["verdict"]) == ([], "ok")


def test_passwords_are_never_stored(world: World, uploading: Uploading) -> None:
    secret = "correct-horse-battery"
    content = f"E-mail,Groups,Password\r\nann@example.com,Nowhere,{secret}\r\n"
    book = workbook(("E-mail", "Groups", "Passwort"), ("bob@example.com", "Finance", secret))
    for file, content_type in ((content, "text/csv"), (book, XLSX)):
        seen = uploading.upload(file, content_type).json
        assert seen["columns"][2]["reason"] == "secret"
        assert codes_of(seen) == ["secrets_removed"]
        answer = uploading.map(seen["import_id"], columns={seen["columns"][2]["heading"]: "field"})
        assert (answer.status, answer.json["errors"][0]["code"]) == (422, "secret_column")
        seen = uploading.mapped(seen["import_id"], columns={"Groups": "groups"})
        assert secret not in json.dumps(seen)
        assert secret.encode() not in uploading.kept()
        failed = world.get(f"/orgs/{uploading.org}/imports/{seen['import_id']}/failed", uploading.admin)
        assert secret not in failed.text
        uploading.decide(seen["import_id"], "disapprove")
    assert secret not in json.dumps([world.dump(table) for table in ("core", "outbox")], default=str)


def test_another_sheet_is_chosen(uploading: Uploading) -> None:
    book = Workbook()
    book.active.title = "Old"
    book.active.append(["E-mail", "Groups"])
    book.active.append(["old@example.com", "Finance"])
    people = book.create_sheet("New")
    people.append(["E-mail", "Groups"])
    people.append(["ann@example.com", "Finance"])
    book.active = 1
    seen = uploading.upload(saved(book), XLSX).json
    assert (seen["sheet"], seen["other_sheets"], codes_of(seen)) == ("New", ["Old"], ["other_sheets"])
    assert seen["rows"][0]["values"]["email"] == "ann@example.com"
    seen = uploading.mapped(seen["import_id"], sheet="Old")
    assert (seen["sheet"], seen["rows"][0]["values"]["email"]) == ("Old", "old@example.com")
    # What was chosen stays chosen.
    assert uploading.mapped(seen["import_id"], columns={"Groups": "groups"})["sheet"] == "Old"
    answer = uploading.map(seen["import_id"], sheet="Older")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "sheet")
    assert uploading.map(seen["import_id"], encoding="utf-8").json["errors"][0]["code"] == "no_encoding"


def test_another_encoding_is_chosen(uploading: Uploading) -> None:
    content = "E-mail,Last name,Groups\r\nann@example.com,M\u00fcller,Finance\r\n".encode("mac-roman")
    seen = uploading.upload(content).json
    assert seen["encoding_source"] == "guessed"
    assert codes_of(seen) == ["guessed_encoding"]
    assert [remark["code"] for remark in seen["rows"][0]["remarks"]] == ["guessed_letters"]
    seen = uploading.mapped(seen["import_id"], encoding="macintosh")
    assert (seen["encoding"], seen["encoding_source"], codes_of(seen)) == ("macintosh", "chosen", [])
    assert (seen["rows"][0]["values"]["last_name"], seen["rows"][0]["remarks"]) == ("Müller", [])
    assert uploading.mapped(seen["import_id"], columns={"Last name": "last_name"})["encoding"] == "macintosh"
    for encoding, code in (("utf-8", "wrong_encoding"), ("rot13", "unknown_encoding_name")):
        answer = uploading.map(seen["import_id"], encoding=encoding)
        assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [("encoding", code)]


def test_the_charset_of_the_content_type_counts_unless_the_file_is_not_written_in_it(uploading: Uploading) -> None:
    text = "E-mail,Last name,Groups\r\nann@example.com,J\u017eon,Finance\r\n"
    seen = uploading.upload(text.encode("cp1257"), "text/csv; charset=windows-1257").json
    assert (seen["encoding"], seen["encoding_source"], codes_of(seen)) == ("windows-1257", "declared", [])
    assert seen["rows"][0]["values"]["last_name"] == "J\u017eon"
    text = text.replace("ann@", "bob@")
    seen = uploading.upload(text.encode("cp1257"), "text/csv; charset=utf-8").json
    assert (seen["encoding_source"], codes_of(seen)) == ("guessed", ["guessed_encoding", "overruled_encoding"])


@pytest.mark.parametrize("content", [b"E-mail,Name\r\na@example.com,\x81\x8d\xff\xfe\x00", b"\x00\x01\x02"])
def test_bytes_that_fit_nothing_are_answered_with_how_to_save(uploading: Uploading, content: bytes) -> None:
    answer = uploading.upload(content)
    assert answer.status == 422
    assert "CSV UTF-8 (Comma delimited)" in answer.json["detail"]


def test_a_guess_stays_the_same_though_what_it_was_made_by_is_not_kept(uploading: Uploading) -> None:
    people = [f"p{number}@example.com,P\u0142e\u0107 \u017b\u00f3\u0142w,Lee\u0144,Finance" for number in range(3)]
    content = "\r\n".join(["E-mail,Password,Last name,Groups", *people]).encode("cp1250")
    seen = uploading.upload(content).json
    assert (seen["encoding"], seen["rows"][0]["values"]["last_name"]) == ("windows-1250", "Lee\u0144")
    again = uploading.mapped(seen["import_id"], columns={"Groups": "groups"})
    assert (again["encoding"], again["encoding_source"]) == ("windows-1250", "guessed")
    assert again["rows"] == seen["rows"]


@pytest.mark.parametrize(
    "kind", ["application/vnd.muster.sheets+json", "x" * 500_000, "text/csv; charset=" + "u" * 3000, "\xff\x00"]
)
def test_what_a_form_says_of_its_file_is_not_believed(uploading: Uploading, kind: str) -> None:
    body, content_type = form_of(("people.csv", kind, (HEAD + "ann@example.com,Ann,Lee,Finance,,,").encode()))
    seen = uploading.upload(body, content_type)
    assert (seen.status, seen.json["rows"][0]["verdict"]) == (201, "ok"), seen.text
    assert uploading.mapped(seen.json["import_id"], columns={"Badge": None})["num_failed"] == 0


def test_a_mapping_that_is_sent_twice_happens_once_and_a_decided_upload_takes_none(
    world: World, uploading: Uploading
) -> None:
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,,,A-1")
    first = uploading.map(seen["import_id"], key="one", columns={"Badge": "field"})
    world.lose_answers()
    assert uploading.map(seen["import_id"], key="one", columns={"Badge": "field"}).json == first.json
    entries = world.every(f"/orgs/{uploading.org}/audit", uploading.admin)
    assert [entry["action"] for entry in entries].count("import.mapped") == 1
    rows = [item for item in world.dump("outbox") if item["sk"].startswith("ROWS#")]
    assert len(rows) == 1
    uploading.decide(seen["import_id"], "disapprove")
    answer = uploading.map(seen["import_id"], columns={})
    assert (answer.status, answer.json["code"]) == (409, "already_decided")


def test_a_mapping_of_a_file_that_is_no_longer_kept_is_refused(world: World, uploading: Uploading) -> None:
    seen = uploading.preview("ann@example.com,Ann,Lee,Finance,,,")
    (key,) = uploading.files()
    world.client("s3").delete_object(Bucket=world.stage.environment["FILES_BUCKET"], Key=key)
    answer = uploading.map(seen["import_id"], columns={})
    assert (answer.status, answer.json["code"]) == (409, "file_gone")
    assert uploading.decide(seen["import_id"]).status == 202


def test_the_same_file_again_names_the_earlier_upload(world: World, uploading: Uploading) -> None:
    content = HEAD + "ann@example.com,Ann,Lee,Finance,,,"
    first = uploading.upload(content).json
    assert first["same_file"] is None
    world.now += timedelta(days=1)
    second = uploading.upload(content).json
    assert second["same_file"] == {"import_id": first["import_id"], "uploaded_at": first["uploaded_at"]}
    assert codes_of(second) == ["same_file"]
    assert first["uploaded_at"][:10] in second["remarks"][0]["sentence"]
    third = uploading.mapped(second["import_id"], columns={"Badge": "field"})
    assert third["same_file"] == second["same_file"]
    assert uploading.upload(content + "\r\n").json["same_file"] is None


def test_a_row_per_person_and_group_invites_each_person_once_into_all_their_groups(
    world: World, uploading: Uploading
) -> None:
    sales = world.group(uploading.org, "Sales; North")
    seen = uploading.preview(
        "ann@example.com,Ann,Lee,Finance,,,",
        'ann@example.com,Ann,Lee,"""Sales; North""",,,',
        "bob@example.com,,,Nope,,,",
    )
    assert [row["verdict"] for row in seen["rows"]] == ["ok", "merged", "failed"]
    assert (seen["num_rows"], seen["num_merged"], seen["num_failed"]) == (3, 1, 1)
    uploading.decide(seen["import_id"])
    uploading.driver.work()
    done = uploading.detail(seen["import_id"])
    assert (done["num_invited"], done["num_failed"]) == (1, 1)
    assert [row["outcome"] for row in done["rows"]] == ["invited", None, None]
    assert sorted(uploading.member(done["rows"][0]["member_id"])["group_ids"]) == sorted([uploading.group, sales])


def test_hidden_rows_and_titles_are_remarked_on_for_the_file(uploading: Uploading) -> None:
    book = Workbook()
    for line in (
        ["Members"],
        [],
        ["E-mail", "Groups"],
        *([f"p{number}@example.com", "Finance"] for number in range(5)),
    ):
        book.active.append(line)
    for number in (5, 6, 8):
        book.active.row_dimensions[number].hidden = True
    seen = uploading.upload(saved(book), XLSX).json
    assert codes_of(seen) == ["title_above", "hidden_rows"]
    assert "line 3" in seen["remarks"][0]["sentence"]
    assert seen["remarks"][1]["sentence"].endswith("5-6, 8.")
