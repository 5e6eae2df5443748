"""A client that people join by its pages, and the mails that they get on the way."""

import re
from datetime import timedelta

from playwright.sync_api import Page

from chalicelib.core.clock import to_text, utc_now
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.tokens import Token
from infra import mail
from tests.e2e.deployed import Deployed, Person
from tests.stories.inbox import mails_to

DOMAIN = "muster.example.com"
CODE = re.compile(r"^ {4}(\d{8})\s*$", re.MULTILINE)
LINK = re.compile(r"/invites/[\w.~-]+")


class Place:
    """A client whose group has a course."""

    def __init__(self, deployed: Deployed) -> None:
        mail.verify_locally(deployed.cloud, DOMAIN)
        make = deployed.make
        self.deployed, self.msp = deployed, make.msp()
        self.admin: Person = deployed.msp_admin(self.msp)
        self.course = make.course(self.msp)
        self.org = make.org(self.msp, "Acme Industries", courses=[self.course], subscription="active")
        self.group = make.group(self.org, "Finance", [self.course])
        make.group(self.org, "Workshop")
        for name in ("Bremen", "Kiel"):
            make.location(self.org, name)

    def invite(self, email: str) -> str:
        """Gives the link of the invitation that is mailed."""
        form = {"group_id": self.group, "emails": [email], "notify": "now"}
        self.deployed.post(f"/orgs/{self.org}/invites", self.admin, form, status=201)
        return self.newest_link(email)

    def newest_link(self, email: str) -> str:
        return self.deployed.url + mailed(self.deployed, email, LINK)

    def open_join_page(self, slug: str) -> str:
        body = {"enabled": True, "slug": slug, "allowed_domains": ["acme.example"]}
        answer = self.deployed.send("PUT", f"/orgs/{self.org}/join-page", self.admin.token, body)
        assert answer.status == 200, answer.text
        assert answer.json["shown"]
        return str(answer.json["url"])

    def assert_joined(self, email: str) -> None:
        (found,) = self.deployed.get(f"/orgs/{self.org}/members?search={email}", self.admin)["items"]
        assert (found["status"], found["group_ids"]) == ("active", [self.group])

    def assert_came_in(self, email: str) -> None:
        """Active, in the group, enrolled in the group's course, and counted where the MSP looks."""
        self.assert_joined(email)
        token = self.deployed.tokens(email)["IdToken"]
        courses = self.deployed.until(
            lambda: self.deployed.send("GET", "/me/courses", token).json["items"], lambda items: len(items) == 1
        )
        assert (courses[0]["course_id"], courses[0]["status"]) == (self.course, "enrolled")
        (batch,) = self.deployed.get(f"/msp/training/{self.org}", self.admin)["items"]
        (row,) = self.deployed.get(f"/msp/training/{self.org}/{batch['batch_id']}", self.admin)["courses"]
        assert (row["course_id"], row["num_enrolled"]) == (self.course, 1)


def mailed(deployed: Deployed, address: str, pattern: re.Pattern[str]) -> str:
    """What the newest mail to this address has that looks like this."""
    found = deployed.until(
        lambda: [match for one in mails_to(deployed.cloud, address) for match in pattern.finditer(one["BodyText"])],
        bool,
    )
    return found[-1].group(found[-1].lastindex or 0)


def expired_invitation(place: Place, email: str) -> str:
    """The link of an invitation that expired yesterday."""
    secret = tokens.new_secret()
    member_id = place.deployed.make.member(
        place.org, [place.group], "pending", email=email, invite_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        invite_hash=tokens.hash_of(secret), invite_expires_at=to_text(utc_now() - timedelta(days=1)),
    )  # fmt: skip
    return f"{place.deployed.url}/invites/{Token(place.org, member_id, secret).text}"


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()
