"""An organization with an open join page, and a person with a browser that runs no scripts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inviting import Inviting

SLUG = "acme"
_CODE = re.compile(r"^ {4}(\d{8})$", re.MULTILINE)
_LINK = re.compile(r"^/dev/invites/([\w.~-]+)$")


class Joining(Inviting):
    def __init__(self, world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(world, driver, monkeypatch)
        self.location = world.location(self.org, "Berlin")
        assert self.set_page().status == 200

    # ------------------------------------------------------------ admins

    def set_page(self, **fields: Any) -> Answer:
        body = {"enabled": True, "slug": SLUG, "allowed_domains": [], **fields}
        return self.world.put(f"/orgs/{self.org}/join-page", self.admin, body)

    def settings(self) -> dict[str, Any]:
        return dict(self.world.get(f"/orgs/{self.org}/join-page", self.admin).json)

    def person(self, email: str) -> dict[str, Any]:
        """The member that the directory finds by this address."""
        (found,) = self.world.every(f"/orgs/{self.org}/members?search={email}", self.admin)
        return self.member(found["member_id"])

    # ------------------------------------------------------------ people

    def ask(self, email: str, slug: str = SLUG, **fields: str) -> Answer:
        form = {"email": email, "group_id": self.group, "location_id": self.location, **fields}
        return self.world.submit(f"/join/{slug}", form)

    def request_code(self, email: str, **fields: str) -> str:
        """Send the form; the request's id."""
        answer = self.ask(email, **fields)
        assert answer.status == 303, answer.text
        path, _, request_id = answer.headers["location"].partition("?request=")
        assert path == f"/dev/join/{SLUG}/verify"
        return request_id

    def code(self, email: str) -> str:
        """Send queued mail; the code of the latest mail to this address."""
        self.mailbox.send()
        (found,) = _CODE.findall(self.mails(email)[-1]["BodyText"].replace("\r", ""))
        return str(found)

    def enter(self, request_id: str, code: str) -> Answer:
        return self.world.submit(f"/join/{SLUG}/verify", {"request": request_id, "code": code})

    def join_token(self, email: str, **fields: str) -> str:
        """Send the form and enter the code; the token of the invitation."""
        request_id = self.request_code(email, **fields)
        return token_of(self.enter(request_id, self.code(email)))

    def accept(self, token: str, email: str) -> Answer:
        """With an account of this address."""
        org_id, member_id, _ = token.split(".")
        names = {"first_name": "Ann", "last_name": "Lee"}
        return self.world.post(f"/me/invites/{org_id}.{member_id}/accept", self.world.account(email), names)

    def requests(self) -> list[dict[str, Any]]:
        return [item for item in self.world.dump("outbox") if item["pk"].startswith("JOIN_REQUEST#")]

    def rest(self) -> None:
        """Let time pass, so that rate limits refuse nobody."""
        self.world.now += timedelta(minutes=2)


def token_of(answer: Answer) -> str:
    assert answer.status == 303, answer.text
    found = _LINK.match(answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]


@contextmanager
def calls() -> Iterator[list[tuple[Any, ...]]]:
    """The application's AWS calls in order, each with its table, and kind and first word of the key of its writes."""
    recorded: list[tuple[Any, ...]] = []
    call = BaseClient._make_api_call

    def record(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        parts = [_about(kind, body) for item in parameters.get("TransactItems", []) for kind, body in item.items()]
        recorded.append((operation, parameters.get("TableName"), *parts))
        return call(self, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", record):
        yield recorded


def _about(kind: str, body: dict[str, Any]) -> tuple[str, str]:
    key = body.get("Item") or body.get("Key")
    return kind, str(key["pk"]["S"]).split("#")[0]


class Reader(HTMLParser):
    """A page, parsed as a browser does: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> dict[str, str | None]:
        """The only field of this name."""
        (found,) = [attributes for _, attributes in self.tags if attributes.get("name") == name]
        return found

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]
