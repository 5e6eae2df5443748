"""People come in, on the deployed artifact: by hand and by upload, from the admin's request to their first course."""

import re
import urllib.error
import urllib.request
import uuid
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.people.uploads.template import template_xlsx
from infra import mail
from tests.e2e.deployed import Deployed, Person
from tests.gateway import Answer
from tests.patience import SILENCE, fetched
from tests.stories.inbox import code_in, mails_to

DOMAIN = "muster.example.com"
PASSWORD = "Correct-horse-7"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES = Path(__file__).parents[1] / "files"
# More than are read, invited and mailed at once; 500 are in tests/stories/people/uploads/test_uploads.py.
_NUM_PEOPLE = 60
SOURCE = {"X-Forwarded-For": "203.0.113.20"}

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture(autouse=True)
def _ses(deployed: Deployed) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)


class Place:
    """A client with a group that has a course, and the admin of its MSP."""

    def __init__(self, deployed: Deployed) -> None:
        make = deployed.make
        self.deployed = deployed
        self.msp = make.msp()
        self.admin: Person = deployed.msp_admin(self.msp)
        self.course = make.course(self.msp)
        self.org = make.org(self.msp, "Acme Industries", courses=[self.course], subscription="active")
        self.group = make.group(self.org, "Finance", [self.course])

    def member(self, member_id: str) -> dict[str, object]:
        return dict(self.deployed.get(f"/orgs/{self.org}/members/{member_id}", self.admin))

    def num_enrolled(self) -> int:
        """As the pages of the MSP count the group's course."""
        (batch,) = self.deployed.get(f"/msp/training/{self.org}", self.admin)["items"]
        (row,) = self.deployed.get(f"/msp/training/{self.org}/{batch['batch_id']}", self.admin)["courses"]
        assert row["course_id"] == self.course
        return int(row["num_enrolled"])

    def count(self, status: str) -> int:
        items, cursor = 0, ""
        while True:
            page = self.deployed.get(f"/orgs/{self.org}/members?status={status}&limit=100{cursor}", self.admin)
            items += len(page["items"])
            if page["next_cursor"] is None:
                return items
            cursor = f"&cursor={page['next_cursor']}"

    def until_status(self, member_id: str, status: str) -> dict[str, object]:
        return self.deployed.until(lambda: self.member(member_id), lambda found: found["status"] == status)


def link_for(deployed: Deployed, address: str) -> str:
    """The path of the link in the newest invitation to this address."""
    found = deployed.until(
        lambda: [one for one in mails_to(deployed.cloud, address) if "/invites/" in one["BodyText"]], bool
    )
    link = re.search(r"(\S+)(/invites/[\w.~-]+)", found[-1]["BodyText"])
    assert link is not None
    assert link[1] == deployed.url, "the mail names the address under which the API is reached"
    return link[2]


def submit(deployed: Deployed, path: str, **fields: str) -> Answer:
    headers = {**SOURCE, "Content-Type": "application/x-www-form-urlencoded"}
    return deployed.send("POST", path, raw=urlencode(fields).encode(), headers=headers)


def test_somebody_invited_by_hand_registers_accepts_and_is_enrolled_and_counted(deployed: Deployed) -> None:
    place, email = Place(deployed), f"{uuid.uuid4().hex[:10]}@example.com"
    asked = {"group_id": place.group, "emails": [email], "notify": "now"}
    (result,) = deployed.post(f"/orgs/{place.org}/invites", place.admin, asked, status=201)["results"]
    path = link_for(deployed, email)
    place.until_status(result["member_id"], "pending")

    page = deployed.send("GET", path)
    assert (page.status, "Acme Industries invites you" in page.text) == (200, True)
    assert deployed.send("GET", f"{path}/accept").status == 200
    page = submit(deployed, f"{path}/accept", step="register", first_name="Ann", last_name="Lee", password=PASSWORD)
    assert "Check your email" in page.text, page.text
    codes = deployed.until(
        lambda: [one for one in mails_to(deployed.cloud, email) if "/invites/" not in one["BodyText"]], bool
    )
    # The other form of the page asks for another code.
    form = page.text.partition("</form>")[0]
    hidden = {name: unescape(value) for name, value in _HIDDEN.findall(form)}
    page = submit(deployed, f"{path}/confirm", **hidden, code=code_in(codes[-1]))
    assert "You have joined Acme Industries" in page.text, page.text

    person = place.until_status(result["member_id"], "active")
    assert (person["first_name"], person["group_ids"]) == ("Ann", [place.group])
    log_in = deployed.send("POST", "/auth/login", body={"login": email, "password": PASSWORD}, headers=SOURCE)
    token = log_in.json["id_token"]
    courses = deployed.until(
        lambda: deployed.send("GET", "/me/courses", token).json["items"], lambda found: len(found) == 1
    )
    assert (courses[0]["course_id"], courses[0]["status"]) == (place.course, "enrolled")
    assert place.num_enrolled() == 1


def test_the_people_of_an_upload_are_invited_delivered_and_one_of_them_is_in(deployed: Deployed) -> None:
    place, mark = Place(deployed), uuid.uuid4().hex[:8]
    person = deployed.person(f"p0.{mark}@example.com")
    lines = ["E-mail;First name;Last name;Groups"]
    lines += [f"p{number}.{mark}@example.com;Person;{number};Finance" for number in range(_NUM_PEOPLE)]
    headers = {"Content-Type": "text/csv", "Idempotency-Key": uuid.uuid4().hex}
    imports = f"/orgs/{place.org}/imports"
    seen = deployed.send("POST", imports, place.admin.token, raw="\r\n".join(lines).encode("utf-16"), headers=headers)
    assert seen.status == 201, seen.text
    assert (seen.json["num_rows"], seen.json["num_failed"]) == (_NUM_PEOPLE, 0)
    path = f"{imports}/{seen.json['import_id']}"
    deployed.post(f"{path}/approve", place.admin, {"notify": "now"})
    done = deployed.until(lambda: deployed.get(path, place.admin), lambda found: found["status"] == "done")
    assert (done["num_invited"], done["num_failed"]) == (_NUM_PEOPLE, 0)
    assert all(row["outcome"] == "invited" for row in done["rows"])
    deployed.until(lambda: place.count("pending"), lambda number: number == _NUM_PEOPLE)
    link = link_for(deployed, person.email)
    page = submit(deployed, f"{link}/accept", step="log_in", email=person.email, password=PASSWORD)
    assert "You have joined" in page.text, page.text
    place.until_status(done["rows"][0]["member_id"], "active")
    assert place.count("pending") == _NUM_PEOPLE - 1
    courses = deployed.until(lambda: deployed.get("/me/courses", person)["items"], lambda found: len(found) == 1)
    assert courses[0]["course_id"] == place.course
    assert place.num_enrolled() == 1
    assert (
        "You declined the invitation"
        in submit(deployed, f"{link_for(deployed, f'p1.{mark}@example.com')}/decline").text
    )
    place.until_status(done["rows"][1]["member_id"], "declined")


class _Staying(urllib.request.HTTPRedirectHandler):
    """Raises HTTPError for a redirect instead of following it with the same headers."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def test_the_template_comes_as_a_workbook_whose_bytes_survive_the_gateway(deployed: Deployed) -> None:
    place = Place(deployed)
    answers: list[bytes] = []
    for accept in ("application/json", "text/html, image/*", "*/*"):
        request = urllib.request.Request(
            f"{deployed.url}/orgs/{place.org}/invites/template?format=xlsx",
            headers={"Authorization": place.admin.token, "Accept": accept},
        )
        answers.append(fetched(request)[0])
    # Go, .NET and Python send none by themselves. They follow, without the token that is for this API alone.
    with pytest.raises(urllib.error.HTTPError) as sent_on:
        urllib.request.build_opener(_Staying).open(
            urllib.request.Request(
                f"{deployed.url}/orgs/{place.org}/invites/template?format=xlsx",
                headers={"Authorization": place.admin.token},
            ),
            timeout=SILENCE,
        )
    with sent_on.value as answer:
        assert answer.code == 303
        answers.append(fetched(answer.headers["Location"])[0])
    content = template_xlsx()
    assert answers == [content] * 4
    sent = deployed.send(
        "POST", f"/orgs/{place.org}/imports", place.admin.token, raw=content,
        headers={"Content-Type": XLSX},
    )  # fmt: skip
    assert (sent.status, sent.json["code"]) == (422, "no_rows"), sent.text


def test_a_workbook_as_excel_writes_it_is_read_and_remembered(deployed: Deployed) -> None:
    place = Place(deployed)
    content = (FILES / "excel-open-sheet-filtered.xlsx").read_bytes()
    imports = f"/orgs/{place.org}/imports"
    seen = deployed.send("POST", imports, place.admin.token, raw=content, headers={"Content-Type": XLSX})
    assert (seen.status, seen.json["sheet"], seen.json["other_sheets"]) == (201, "2026", ["2025"]), seen.text
    again = deployed.send("POST", imports, place.admin.token, raw=content, headers={"Content-Type": XLSX})
    assert again.json["same_file"]["import_id"] == seen.json["import_id"]
    mapped = deployed.post(f"{imports}/{again.json['import_id']}/mapping", place.admin, {"sheet": "2025"}, 200)
    assert mapped["rows"][0]["values"]["email"] == "old@example.com"
    refused = deployed.send("POST", imports, place.admin.token, raw=b"{}", headers={"Content-Type": "application/json"})
    assert (refused.status, "text/csv" in refused.json["detail"]) == (415, True), refused.text


def test_a_file_in_another_encoding_is_read_and_read_again_as_an_admin_chooses(deployed: Deployed) -> None:
    place = Place(deployed)
    lines = ["E-mail;Kennwort;Last name;Groups;Shoe size", "ann@example.com;geheim;Müller;Finance;38"]
    boundary = "----form"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n\r\n'
    body = part.encode() + "\r\n".join(lines).encode("cp1252") + f"\r\n--{boundary}--\r\n".encode()
    imports = f"/orgs/{place.org}/imports"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    seen = deployed.send("POST", imports, place.admin.token, raw=body, headers=headers)
    assert (seen.status, seen.json["encoding"], seen.json["encoding_source"]) == (201, "windows-1252", "guessed")
    path = f"{imports}/{seen.json['import_id']}/mapping"
    again = deployed.post(path, place.admin, {"encoding": "windows-1254", "columns": {"Shoe size": "field"}}, 200)
    assert [column["reason"] for column in again["columns"]] == ["known", "secret", "known", "known", "chosen"]
    values = again["rows"][0]["values"]
    assert (values["last_name"], values["fields"]) == ("Müller", {"Shoe size": "38"})


def test_a_bounce_is_shown_with_the_person_and_stops_further_mail(deployed: Deployed) -> None:
    place = Place(deployed)
    form = {"group_id": place.group, "emails": ["bounce+people@simulator.amazonses.com"], "notify": "now"}
    (result,) = deployed.post(f"/orgs/{place.org}/invites", place.admin, form, status=201)["results"]
    shown = deployed.until(
        lambda: place.member(result["member_id"]),
        lambda found: found["mail"]["state"] == "bounced",  # type: ignore[index]
    )
    assert shown["status"] == "prospect"
    again = deployed.post(
        f"/orgs/{place.org}/invites/resend", place.admin, {"member_ids": [result["member_id"]]}, status=200
    )
    assert [one["code"] for one in again["results"]] == ["mail_blocked"]
