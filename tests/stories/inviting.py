"""An organization with a group that has a course, its admin, and the mailbox of the people who are invited."""

import re
from typing import Any

import pytest

from chalicelib.core.settings import settings
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox

_TOKEN = re.compile(r"/invites/([\w.~-]+)")


class Inviting:
    def __init__(self, world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.driver = world, driver
        self.mailbox = Mailbox(world)
        monkeypatch.setenv("MAIL_FROM", self.mailbox.sender)
        settings.cache_clear()
        self.course = world.course(driver.msp)
        self.org = world.org(driver.msp, "Acme Industries", courses=[self.course], subscription="active")
        self.group = world.group(self.org, "Finance", [self.course])
        self.admin = world.org_admin(self.org)
        self._num_keys = 0

    # ------------------------------------------------------------ admins

    def send_form(self, form: dict[str, Any], key: str | None = None) -> Answer:
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"invite {self._num_keys}"}
        return self.world.post(f"/orgs/{self.org}/invites", self.admin, form, headers=headers)

    def invite(self, *emails: str, notify: str = "now") -> list[dict[str, Any]]:
        answer = self.send_form({"group_id": self.group, "emails": list(emails), "notify": notify})
        assert answer.status == 201, answer.text
        return list(answer.json["results"])

    def change(self, what: str, *member_ids: str, **more: Any) -> list[dict[str, Any]]:
        """`resend` or `cancel`."""
        answer = self.world.post(
            f"/orgs/{self.org}/invites/{what}", self.admin, {"member_ids": list(member_ids), **more}
        )
        assert answer.status == 200, answer.text
        return list(answer.json["results"])

    def member(self, member_id: str) -> dict[str, Any]:
        answer = self.world.get(f"/orgs/{self.org}/members/{member_id}", self.admin)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def by_status(self, status: str) -> list[dict[str, Any]]:
        return self.world.every(f"/orgs/{self.org}/members?status={status}", self.admin)

    # ------------------------------------------------------------ the invited

    def invited(self, email: str, *, deliver: bool = True) -> tuple[str, str]:
        """A person who has got the mail: the token of the link, and the member's id."""
        (result,) = self.invite(email)
        token = self.mailed_token(email)
        if deliver:
            self.mailbox.deliver_events()
        return token, result["member_id"]

    def mailed_token(self, email: str) -> str:
        """Send queued mail; the token in the latest mail to this address."""
        self.mailbox.send()
        found = _TOKEN.search(self.mails(email)[-1]["BodyText"])
        assert found
        return found[1]

    def mails(self, email: str) -> list[dict[str, Any]]:
        """The mails to this address, oldest first."""
        return [mail for mail in self.mailbox.mails() if email in mail["To"]]

    def subjects(self, email: str) -> list[str]:
        return [mail["Subject"] for mail in self.mails(email)]
