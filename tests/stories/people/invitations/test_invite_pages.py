"""Answering an invitation on its pages: without scripts, with an account or a new one (I6, B7)."""

import re
from html import unescape
from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inbox import code_for
from tests.stories.inviting import Inviting

PASSWORD = "Correct-horse-7"

_ACTION = re.compile(r'action="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Visitor:
    """Somebody who has opened an invitation, and fills in its forms as a browser would, redirects and all."""

    def __init__(self, world: World, token: str) -> None:
        self.world, self.path = world, f"/invites/{token}"
        self.address = self.path

    def opens(self, step: str = "") -> Answer:
        return self._follow(self.world.get(f"{self.path}{step and '/'}{step}"))

    def submits(self, step: str, at: str = "accept", **fields: str) -> Answer:
        """The bare answer to a form."""
        return self.world.submit(f"{self.path}/{at}", {"step": step, **fields})

    def goes_on(self, page: Answer, step: str, **fields: str) -> Answer:
        """The page that the form of this step leads to, with what the form carries along."""
        return self._follow(self.presses(page, step, **fields))

    def presses(self, page: Answer, step: str, **fields: str) -> Answer:
        form = next(part for part in page.text.split("<form")[1:] if f'value="{step}"' in part)
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(form)}
        return self.world.submit(_inside(_ACTION.search(form)[1]), {**hidden, **fields})  # type: ignore[index]

    def _follow(self, answer: Answer) -> Answer:
        while answer.status == 303:
            self.address = _inside(answer.headers["location"])
            answer = self.world.get(self.address)
        return answer


def _inside(address: str) -> str:
    """Without the path of the stage."""
    assert address.startswith("/dev/"), address
    return unescape(address.removeprefix("/dev"))


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


@pytest.fixture
def visitor(world: World, inviting: Inviting) -> Visitor:
    token, _ = inviting.invited("ann@example.com")
    return Visitor(world, token)


def _member(inviting: Inviting) -> dict[str, Any]:
    (found,) = world_members(inviting)
    return found


def world_members(inviting: Inviting) -> list[dict[str, Any]]:
    return inviting.world.every(f"/orgs/{inviting.org}/members", inviting.admin)


def _account(world: World, email: str, *, has_name: bool = True) -> None:
    """An account of Cognito's, with the password that all have here."""
    cognito, pool = world.client("cognito-idp"), world.stage.environment["USER_POOL_ID"]
    given = {"email": email, "email_verified": "true", **({"given_name": "Ann"} if has_name else {})}
    attributes = [{"Name": name, "Value": value} for name, value in given.items()]
    name = email.replace("@", "-at-")
    cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)


def test_a_new_person_registers_confirms_and_is_a_member(world: World, inviting: Inviting, visitor: Visitor) -> None:
    assert 'action="' in visitor.opens().text
    page = visitor.opens("accept")
    assert (page.status, "Create an account" in page.text) == (200, True)
    page = visitor.goes_on(page, "register", first_name="Ann", last_name="Lee", password=PASSWORD)
    assert "Check your email" in page.text
    page = visitor.goes_on(page, "confirm", code=code_for(world, "ann@example.com"))
    assert (page.status, "You have joined Acme Industries" in page.text) == (200, True)
    person = _member(inviting)
    assert (person["status"], person["first_name"], person["last_name"]) == ("active", "Ann", "Lee")
    inviting.driver.work()
    assert len(inviting.driver.enrollments(inviting.org, person["member_id"])) == 1


def test_a_name_stays_on_its_line(world: World, inviting: Inviting, visitor: Visitor) -> None:
    names = {"first_name": "Ann\r\nBcc: eve@example.com", "last_name": "\tLee\x00 "}
    page = visitor.goes_on(visitor.opens("accept"), "register", **names, password=PASSWORD)
    visitor.goes_on(page, "confirm", code=code_for(world, "ann@example.com"))
    person = _member(inviting)
    assert (person["first_name"], person["last_name"]) == ("Ann Bcc: eve@example.com", "Lee")
    inviting.mailbox.send()
    assert inviting.mailbox.to() == ["ann@example.com", "ann@example.com"]


def test_a_person_with_an_account_logs_in_and_is_a_member(world: World, inviting: Inviting, visitor: Visitor) -> None:
    _account(world, "ann@example.com")
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="Ann@Example.com", password=PASSWORD)
    assert "You have joined" in page.text
    assert _member(inviting)["status"] == "active"
    assert "You have joined" in visitor.opens().text


def test_an_account_with_another_address_is_asked_before_the_invitation_moves(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    _account(world, "ann@home.example")
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="ann@home.example", password=PASSWORD)
    assert (page.status, "Use your other address?" in page.text) == (200, True)
    assert _member(inviting)["status"] == "pending"
    moved = visitor.goes_on(page, "finish")
    assert "You have joined" in moved.text
    assert (_member(inviting)["status"], _member(inviting)["email"]) == ("active", "ann@home.example")


def test_a_move_needs_a_recent_log_in_under_the_other_address(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    from datetime import timedelta

    _account(world, "ann@home.example")
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="ann@home.example", password=PASSWORD)
    assert visitor.submits("finish", "finish", ticket="guessed").status == 403
    other, _ = inviting.invited("bob@example.com")
    ticket = dict(_HIDDEN.findall(page.text))["ticket"]
    assert Visitor(world, other).submits("finish", "finish", ticket=ticket).status == 403
    world.now += timedelta(minutes=16)
    assert visitor.submits("finish", "finish", ticket=ticket).status == 403
    assert {one["status"] for one in world_members(inviting)} == {"pending"}


def test_a_first_password_is_replaced_on_the_way(world: World, inviting: Inviting, visitor: Visitor) -> None:
    cognito, pool = world.client("cognito-idp"), world.stage.environment["USER_POOL_ID"]
    attributes = [{"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool, Username="ann", UserAttributes=attributes, TemporaryPassword="First-horse-1",
        MessageAction="SUPPRESS",
    )  # fmt: skip
    page = visitor.goes_on(visitor.opens("accept"), "log_in", email="ann@example.com", password="First-horse-1")
    assert "Choose your password" in page.text
    weak = visitor.goes_on(page, "new_password", password="short")
    assert (weak.status, 'role="alert"' in weak.text) == (422, True)
    page = visitor.goes_on(weak, "new_password", password=PASSWORD)
    # An account that somebody else made has no name yet.
    assert "What is your name?" in page.text
    assert "You have joined" in visitor.goes_on(page, "finish", first_name="Ann").text
    assert _member(inviting)["first_name"] == "Ann"


@pytest.mark.parametrize(
    ("at", "step", "fields", "status", "told"),
    [
        ("accept", "log_in", {"email": "ann@example.com", "password": "wrong"}, 401, "Forgot it?"),
        ("accept", "log_in", {"email": "", "password": ""}, 422, "Enter your email address."),
        ("accept", "register", {"first_name": "Ann", "last_name": "Lee", "password": "short"}, 422, "12"),
        (
            "accept",
            "register",
            {"first_name": "", "last_name": "\u200e", "password": PASSWORD},
            422,
            "Enter your name.",
        ),
        ("confirm", "confirm", {"registration_id": "unknown", "code": "123456"}, 422, "That code is wrong"),
        ("finish", "finish", {"ticket": ""}, 403, "please log in again"),
        ("password", "new_password", {"ticket": "x", "password": PASSWORD}, 403, "please log in again"),
        ("forgot", "forgot", {"email": ""}, 422, "Enter your email address."),
        ("reset", "reset", {"ticket": "x", "code": "1", "password": PASSWORD}, 403, "please log in again"),
    ],
)
def test_an_error_of_a_step_is_shown_on_its_form_and_accepts_nothing(
    inviting: Inviting, visitor: Visitor, at: str, step: str, fields: dict[str, str], status: int, told: str
) -> None:
    page = visitor.submits(step, at, **fields)
    assert (page.status, 'role="alert"' in page.text, told in unescape(page.text)) == (status, True, True), page.text
    assert not re.search(r'type="password"[^>]*value=', page.text)
    assert _member(inviting)["status"] == "pending"


def test_a_wrong_code_can_be_corrected(world: World, inviting: Inviting, visitor: Visitor) -> None:
    page = visitor.goes_on(visitor.opens("accept"), "register", first_name="Ann", last_name="Lee", password=PASSWORD)
    wrong = visitor.goes_on(page, "confirm", code="000000")
    assert (wrong.status, "Check your email" in wrong.text) == (422, True)
    assert "You have joined" in visitor.goes_on(wrong, "confirm", code=code_for(world, "ann@example.com")).text


def test_a_registration_for_another_address_does_not_accept_this_invitation(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    other = world.post("/auth/register", body={"email": "eve@example.com", "password": PASSWORD}).json
    code = code_for(world, "eve@example.com")
    page = visitor.submits("confirm", "confirm", registration_id=other["registration_id"], code=code)
    assert page.status == 409
    assert _member(inviting)["status"] == "pending"


def test_reading_never_changes_anything(world: World, inviting: Inviting, visitor: Visitor) -> None:
    before = [world.dump(table) for table in ("core", "outbox")]
    for _ in range(3):
        assert visitor.opens().status == 200
    for step in ("accept", "confirm", "finish", "password", "forgot", "reset", "decline", "renew"):
        assert world.get(f"{visitor.path}/{step}").status in (200, 303, 403)
    assert [world.dump(table) for table in ("core", "outbox")] == before


def test_pages_tell_no_other_site_their_address_and_run_nothing(visitor: Visitor) -> None:
    page = visitor.opens()
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page.text)


@pytest.mark.parametrize("name", ["<b>Evil</b>", 'A" onload="x', "{{ 7 * 7 }}"])
def test_names_are_shown_as_they_are_and_never_run(
    world: World, inviting: Inviting, visitor: Visitor, name: str
) -> None:
    world.patch(f"/msp/organizations/{inviting.org}", inviting.driver.admin, {"name": name})
    page = visitor.opens()
    assert name in unescape(page.text)
    assert name == unescape(name) or "<b>" not in page.text
    assert 'onload="x' not in page.text
    wrong = visitor.submits("register", first_name=name, last_name="Lee", password="short")
    assert 'onload="x' not in wrong.text
    assert "<b>Evil" not in wrong.text


# ---------------------------------------------------------------- tokens that are not good


def _dead(world: World, token: str) -> None:
    answers = [
        world.get(f"/invites/{token}"),
        *(world.submit(f"/invites/{token}/{what}") for what in ("accept", "decline", "renew")),
    ]
    assert {answer.status for answer in answers} == {404}
    assert all("This link no longer works" in answer.text or not answer.text for answer in answers)


def test_guessed_altered_and_foreign_tokens_are_all_dead_links(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    org, _, secret = token.split(".")
    elsewhere = world.org(inviting.driver.msp, "Elsewhere")
    other, _ = inviting.invited("bob@example.com")
    before = world.dump("core")
    altered = [
        f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
        f"{token}A",
        f"{org}.{member_id}.",
        f"{org}.{member_id}",
        f"{elsewhere}.{member_id}.{secret}",
        f"{org}.{other.split('.')[1]}.{secret}",
        f"{org}.unknown.{secret}",
        secret,
        "x",
        "~" * 200,
    ]
    for one in altered:
        _dead(world, one)
    assert world.dump("core") == before


def test_a_dead_link_costs_the_same_calls_whatever_is_wrong_with_it(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    org, _, secret = token.split(".")
    asked: list[str] = []

    def hear(model: Any, **_: Any) -> None:
        asked.append(model.name)

    from chalicelib.aws.clients import client

    client("dynamodb").meta.events.register("before-call.dynamodb", hear)
    counts = []
    for one in (f"{org}.{member_id}.wrong", f"{org}.nobody.{secret}", f"nowhere.{member_id}.{secret}"):
        asked.clear()
        world.get(f"/invites/{one}")
        counts.append(list(asked))
    client("dynamodb").meta.events.unregister("before-call.dynamodb", hear)
    assert counts[0] == counts[1] == counts[2] == ["BatchGetItem"]


def test_only_a_hash_of_the_secret_is_kept(world: World, inviting: Inviting) -> None:
    token, _ = inviting.invited("ann@example.com")
    secret = token.split(".")[2]
    assert len(secret) >= 22
    everything = str([world.dump(table) for table in ("core", "enrollments", "outbox")])
    assert secret not in everything


def test_a_link_that_was_used_cannot_be_used_by_somebody_else(
    world: World, inviting: Inviting, visitor: Visitor
) -> None:
    _account(world, "ann@example.com")
    _account(world, "eve@example.com")
    visitor.submits("log_in", email="ann@example.com", password=PASSWORD)
    member = _member(inviting)
    again = visitor.submits("log_in", email="eve@example.com", password=PASSWORD)
    assert again.headers["location"] == f"/dev{visitor.path}"
    assert "You have joined" in visitor.opens().text
    assert world.submit(f"{visitor.path}/decline").status == 303
    assert _member(inviting) == member


def test_tries_at_a_password_are_limited_by_address(world: World, inviting: Inviting, visitor: Visitor) -> None:
    for _ in range(5):
        assert visitor.submits("log_in", email="ann@example.com", password="wrong").status == 401
    page = visitor.submits("log_in", email="ann@example.com", password="wrong")
    assert (page.status, "Please wait 1 minute, then try again." in page.text) == (429, True)
    assert int(page.headers["retry-after"]) <= 60
