"""A live training over HTTP: its invitation in the mailbox, an answer by link, and one by the calendar program."""

import base64
import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

from infra.caller import Caller
from infra.cloud import Cloud
from infra.deploy import Stack
from infra.incoming import take_in

_LINK = re.compile(r"https?://\S+/rsvp/[0-9a-z]+")
_SECONDS_BETWEEN_LOOKS = 0.5
_PATIENCE = 90.0
_DAYS_AHEAD = 14

# What a calendar program sends when somebody presses Accept (RFC 5546).
_REPLY = """\
From: {address}
To: {organizer}
Subject: Accepted: {title}
Content-Type: text/calendar; method=REPLY; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Muster//make run//EN
METHOD:REPLY
BEGIN:VEVENT
UID:{uid}
SEQUENCE:{sequence}
DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}
ORGANIZER:mailto:{organizer}
ATTENDEE;PARTSTAT=ACCEPTED:mailto:{address}
END:VEVENT
END:VCALENDAR
"""


class DemoLive:
    """As the admin of one client: two places for three people."""

    def __init__(self, org_admin: Caller, org_id: str, cloud: Cloud, stack: Stack) -> None:
        self._admin = org_admin
        self._base = f"/orgs/{org_id}"
        self._cloud, self._stack = cloud, stack

    def run(self) -> None:
        title, training, session = self._training()
        people = self._people()
        chosen = {"member_ids": list(people), "items": [{"training_id": training, "session_id": session}]}
        enroll_id = self._admin.post(f"{self._base}/trainings/enroll", chosen)["enroll_id"]
        path = f"{self._base}/trainings/enroll/{enroll_id}"
        read = self._until(lambda: self._admin.get(path), lambda found: found["status"] == "done")
        for row in read["items"]:
            print(f"  {row['result'].capitalize():9} {people[row['member_id']]}")
        first, second, third = (people[row["member_id"]] for row in read["items"])

        mail = self._invitation(first, title)
        link = self._link_in(mail)
        method, event = _event_in(mail)
        print(f"  The mail  {mail['Subject']!r}, with a calendar part: METHOD:{method}, UID:{event['UID']}")
        print(f"  By link   {first} opens {link} and says no")
        _post(link, {"answer": "decline"})
        freed = self._invitation(third, title)
        print(f"            the place goes to {third}: {freed['Subject']!r}")

        mail = self._invitation(second, title)
        _, event = _event_in(mail)
        organizer = event["ORGANIZER"].removeprefix("mailto:")
        print(f"  Calendar  {second} presses yes in the calendar, which writes to {organizer}")
        facts = {"uid": event["UID"], "sequence": event["SEQUENCE"], "title": title, "stamp": datetime.now(UTC)}
        reply = _REPLY.format(address=second, organizer=organizer, **facts)
        take_in(self._cloud, self._stack, organizer, reply.replace("\n", "\r\n").encode())
        path = f"{self._base}/trainings/{training}/participants"
        rows = self._until(
            lambda: self._admin.get(path)["items"], lambda rows: any(row["status"] == "confirmed" for row in rows)
        )
        print("  Seen by the admin")
        for row in rows:
            print(f"            {row['email']:44} {row['status']:10} {row['answered_by'] or ''}")
        print()

    def _training(self) -> tuple[str, str, str]:
        path = f"{self._base}/trainings"
        num_earlier = len(list(self._admin.every(path, limit=100)))
        title = f"First aid {num_earlier + 1}"
        training = self._admin.post(path, {"title": title, "description": "Bring a friend."})["training_id"]
        day = datetime.now(UTC).date() + timedelta(days=_DAYS_AHEAD)
        form = {
            "starts_at": f"{day}T09:00", "ends_at": f"{day}T10:30", "time_zone": "Europe/Berlin", "place": "Room 1",
            "instructor": "Dr. Ada Quill", "capacity": 2, "waiting_list": True,
        }  # fmt: skip
        session = self._admin.post(f"{path}/{training}/sessions", form)
        print(f"  Session   {title}, {form['starts_at']} in {form['time_zone']} ({session['starts_utc']}), two places")
        return title, str(training), str(session["session_id"])

    def _people(self) -> dict[str, str]:
        """Three people with an address, by id."""
        found = self._admin.get(f"{self._base}/members", status="active", limit=50)["items"]
        people = {one["member_id"]: str(one["email"]) for one in found if one["email"]}
        return dict(list(people.items())[:3])

    def _invitation(self, address: str, title: str) -> dict[str, Any]:
        subject = f"Invitation: {title}"
        mails: list[dict[str, Any]] = self._until(
            lambda: [one for one in self._mails(address) if one["Subject"] == subject], bool
        )
        return mails[-1]

    def _mails(self, address: str) -> list[dict[str, Any]]:
        asked = urllib.parse.urlencode({"to": address})
        with urllib.request.urlopen(f"{self._cloud.endpoint}/_ministack/ses/messages?{asked}", timeout=10) as answer:
            found = json.load(answer)["messages"]
        return [mail for mails in found.values() for mail in mails]

    def _link_in(self, mail: dict[str, Any]) -> str:
        found = _LINK.search(mail["BodyText"])
        if found is None:
            raise RuntimeError("the invitation has no link")
        return found[0]

    def _until(self, ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + _PATIENCE
        while not good(found := ask()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the live training was not through after {_PATIENCE:.0f} s; the logs will say why")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return found


def _event_in(mail: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """METHOD, and the event's properties by name."""
    parts = message_from_bytes(base64.b64decode(mail["Raw"])).walk()
    (part,) = [one for one in parts if one.get_content_type() == "text/calendar"]
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise TypeError("the calendar part is not a text")
    lines = content.decode().replace("\r\n ", "").split("\r\n")
    event = dict(re.split(r"(?:;[^:]*)?:", line, maxsplit=1) for line in lines if ":" in line)
    return event["METHOD"], event


def _post(link: str, form: dict[str, str]) -> None:
    with urllib.request.urlopen(link, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
        answer.read()
