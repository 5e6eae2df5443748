"""An invitation over HTTP, from the admin's request to the mail in the local mailbox; and the join page beside it."""

import json
import re
import time
import urllib.parse
import urllib.request
from typing import Any

from infra.caller import Caller

SLUG = "alderquay"

_LINK = re.compile(r"https?://\S+/invites/[\w.~-]+")
_SECONDS_BETWEEN_LOOKS = 0.5
_PATIENCE = 90.0


class DemoPeople:
    """As the admin of one client. `endpoint` is the local cloud's, whose mailbox shows what was sent."""

    def __init__(self, org_admin: Caller, org_id: str, endpoint: str) -> None:
        self._admin = org_admin
        self._org_id = org_id
        self._endpoint = endpoint

    def run(self) -> None:
        groups = list(self._admin.every(self._path("groups"), limit=100))
        group = max(groups, key=lambda one: len(one["course_ids"]))
        num_earlier = len(list(self._admin.every(self._path("members"), search="newcomer", limit=100)))
        email = f"newcomer{num_earlier + 1}@example.com"
        started = time.monotonic()
        form = {"group_id": group["group_id"], "emails": [email], "notify": "now"}
        (result,) = self._admin.post(self._path("invites"), form)["results"]
        print(f"  Invited   {email} into the group {group['name']}: {result['result']}, {result['status']}")
        print(f"            whoever accepts gets the group's {len(group['course_ids'])} courses by itself")
        member = self._until_answered_by_mail(result["member_id"])
        told = member["mail"]["state"] if member["mail"] else "-"
        print(f"  The mail  {told} after {time.monotonic() - started:.1f} s; the person is {member['status']}")
        print(f"  Open it   {self._link_for(email)}")
        page = self._admin.put(self._path("join-page"), {"enabled": True, "slug": SLUG, "allowed_domains": []})
        print(f"  Join page {page['url']}\n")

    def _path(self, what: str) -> str:
        return f"/orgs/{self._org_id}/{what}"

    def _until_answered_by_mail(self, member_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while True:
            member: dict[str, Any] = self._admin.get(self._path(f"members/{member_id}"))
            if member["status"] != "prospect":
                return member
            if time.monotonic() > deadline:
                raise RuntimeError(f"the invitation was not delivered after {_PATIENCE:.0f} s; the logs will say why")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _link_for(self, email: str) -> str:
        asked = urllib.parse.urlencode({"to": email})
        with urllib.request.urlopen(f"{self._endpoint}/_ministack/ses/messages?{asked}", timeout=10) as answer:
            found = json.load(answer)["messages"]
        texts = [mail["BodyText"] for mails in found.values() for mail in mails]
        links = [link for text in texts for link in _LINK.findall(text)]
        if not links:
            raise RuntimeError("the mailbox has no invitation to this address")
        return str(links[-1])
