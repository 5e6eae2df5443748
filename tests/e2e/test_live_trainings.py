"""A live training on the deployed artifact: from its session to the mailbox and the answers."""

import base64
import re
import uuid
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlencode

import icalendar
import pytest

from infra import mail
from infra.incoming import take_in
from tests.e2e.deployed import ANSWERS_DOMAIN, Deployed
from tests.stories.inbox import mails_to

DOMAIN = "muster.example.com"


@pytest.fixture(autouse=True)
def _ses(deployed: Deployed) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)


def event_in(raw: str) -> tuple[str, icalendar.Event]:
    message = message_from_bytes(base64.b64decode(raw), policy=default)
    (part,) = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_the_last_place_goes_to_the_next_in_line_who_says_yes_in_the_calendar(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    org_id = make.org(msp_id, "Acme Industries")
    base, mark = f"/orgs/{org_id}/trainings", uuid.uuid4().hex[:8]
    ann, bob = f"ann.{mark}@example.com", f"bob.{mark}@example.com"
    members = [make.member(org_id, email=address) for address in (ann, bob)]
    training = deployed.post(base, admin, {"title": "First aid"}, 201)["training_id"]
    form = {
        "starts_at": "2087-02-03T09:00", "ends_at": "2087-02-03T10:30", "time_zone": "Europe/Berlin",
        "place": "Room 1", "capacity": 1, "waiting_list": True,
    }  # fmt: skip
    session = deployed.post(f"{base}/{training}/sessions", admin, form, 201)["session_id"]
    chosen = {"member_ids": members, "items": [{"training_id": training, "session_id": session}]}
    enroll_id = deployed.post(f"{base}/enroll", admin, chosen)["enroll_id"]
    read = deployed.until(
        lambda: deployed.get(f"{base}/enroll/{enroll_id}", admin), lambda found: found["status"] == "done"
    )
    assert [row["code"] for row in read["items"]] == ["invited", "waiting"]

    (invitation,) = deployed.until(lambda: mails_to(deployed.cloud, ann), lambda found: len(found) == 1)
    method, event = event_in(invitation["Raw"])
    assert (method, str(event["SUMMARY"]), event["DTSTART"].to_ical()) == (
        "REQUEST", "First aid", b"20870203T080000Z",
    )  # fmt: skip
    link = re.search(r"(\S+)(/rsvp/[0-9a-z]+)", invitation["BodyText"])
    assert link is not None
    assert link[1] == deployed.url
    assert "First aid" in deployed.send("GET", link[2]).text
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = deployed.send("POST", link[2], raw=urlencode({"answer": "decline"}).encode(), headers=headers)
    assert "not coming" in answer.text, answer.text

    found = deployed.until(
        lambda: [one["Subject"] for one in mails_to(deployed.cloud, bob)],
        lambda subjects: "Invitation: First aid" in subjects,
    )
    assert sorted(found) == ["Invitation: First aid", "Waiting list: First aid"]
    listed = deployed.get(f"{base}/{training}/participants", admin)["items"]
    assert [row["status"] for row in listed] == ["declined", "invited"]

    path = f"{base}/{training}/sessions/{session}"
    changed = deployed.send("PATCH", path, admin.token, {"place": "Room 2"})
    assert (changed.status, changed.json["sequence"]) == (200, 1)
    mails = deployed.until(lambda: mails_to(deployed.cloud, bob), lambda found: len(found) == 3)
    method, event = event_in(mails[-1]["Raw"])
    assert (method, int(event["SEQUENCE"]), str(event["LOCATION"])) == ("REQUEST", 1, "Room 2")

    # Bob says yes in his calendar program, which writes to the organizer's address.
    organizer = str(event["ORGANIZER"]).removeprefix("mailto:")
    assert re.fullmatch(rf"answers\+[0-9a-z]{{26}}@{ANSWERS_DOMAIN}", organizer)
    reply = "\r\n".join([
        "From: bob@example.com", "Content-Type: text/calendar; method=REPLY; charset=utf-8", "",
        "BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{event['UID']}", "SEQUENCE:1",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{bob}", "END:VEVENT", "END:VCALENDAR", "",
    ])  # fmt: skip
    forged = take_in(deployed.cloud, deployed.stack, organizer, reply.encode(), spf="FAIL", dkim="FAIL")
    key = take_in(deployed.cloud, deployed.stack, organizer, reply.encode())
    found = deployed.until(
        lambda: deployed.get(f"{base}/{training}/participants", admin)["items"][1],
        lambda row: row["status"] == "confirmed",
    )
    assert found["answered_by"] == "calendar"

    def left() -> set[str]:
        listed = deployed.cloud.client("s3").list_objects_v2(Bucket=deployed.stack.resources["FilesBucket"])
        return {one["Key"] for one in listed.get("Contents", [])} & {forged, key}

    # What counted is deleted; what did not is kept apart.
    assert deployed.until(left, lambda found: key not in found) == {forged}
