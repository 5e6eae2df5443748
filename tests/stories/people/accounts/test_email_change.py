"""B11: another e-mail address for an account; memberships and what was learned there stay as they are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError

from chalicelib.people.accounts import email_change_store
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox

PASSWORD = "Correct-horse-7"
OLD, NEW = "ann@example.com", "Ann.Lee@new.example"


class Person:
    """Somebody with a Cognito account, whose mails can be read."""

    def __init__(self, world: World, email: str = OLD) -> None:
        self.world = world
        cognito, pool = world.client("cognito-idp"), world.stage.environment["USER_POOL_ID"]
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        made = cognito.admin_create_user(
            UserPoolId=pool, Username=f"user-{email}", UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(UserPoolId=pool, Username=f"user-{email}", Password=PASSWORD, Permanent=True)
        self.account = next(one["Value"] for one in made["User"]["Attributes"] if one["Name"] == "sub")
        world._email_by_account[self.account] = email

    def ask(self, email: str = NEW, key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self.world.post("/me/email", self.account, {"email": email}, headers=headers)

    def confirm(self, code: str) -> Answer:
        return self.world.post("/me/email/confirm", self.account, {"code": code})

    def logs_in_with(self, email: str) -> bool:
        self.world.now += timedelta(minutes=1)
        return self.world.post("/auth/login", body={"login": email, "password": PASSWORD}).status == 200


@pytest.fixture
def ann(world: World) -> Person:
    return Person(world)


def _code(mailbox: Mailbox) -> str:
    """The code of the newest mail, which is written out now."""
    mailbox.send()
    return re.findall(r"\b\d{8}\b", mailbox.mails()[-1]["BodyText"])[0]


def _said(answer: Answer) -> tuple[int, Any]:
    return answer.status, answer.json.get("code")


def _member(world: World, admin: str, org: str, member: str) -> Any:
    return world.get(f"/orgs/{org}/members/{member}", admin).json


def test_the_new_address_logs_in_and_the_old_one_does_not(world: World, ann: Person, mailbox: Mailbox) -> None:
    asked = ann.ask()
    assert (asked.status, asked.json) == (202, {"email": NEW})
    code = _code(mailbox)
    assert mailbox.to() == [NEW]
    assert ann.logs_in_with(OLD)
    assert not ann.logs_in_with(NEW)
    changed = ann.confirm(code)
    assert (changed.status, changed.json) == (200, {"email": NEW, "kept_in": []})
    assert ann.logs_in_with(NEW)
    assert not ann.logs_in_with(OLD)


def test_every_organization_shows_the_new_address_and_keeps_the_history(
    world: World, driver: Driver, course: str, ann: Person, mailbox: Mailbox
) -> None:
    acme, zenith = driver.clients(course, "Acme", "Zenith")
    members = [world.member(org, email=OLD, account_id=ann.account, first_name="Ann") for org in (acme, zenith)]
    driver.launch([acme, zenith], [course])
    driver.work()
    before = [driver.enrollments(org, member) for org, member in zip((acme, zenith), members, strict=True)]
    assert all(before)
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    for org, member, enrollments in zip((acme, zenith), members, before, strict=True):
        assert _member(world, driver.admin, org, member)["email"] == NEW
        assert driver.enrollments(org, member) == enrollments
        assert _found(world, driver.admin, org, "ann.lee@new") == [member]
        assert _found(world, driver.admin, org, "ann@example") == []
        (entry,) = [one for one in world.every(f"/orgs/{org}/audit", driver.admin) if one["action"] == "email.changed"]
        assert (entry["actor"], entry["target"], entry["before"]) == (ann.account, f"member/{member}", None)
        assert world.get(f"/orgs/{org}/audit/verify", driver.admin).json["ok"]
    assert len(world.get("/me", ann.account).json["memberships"]) == 2
    # The old address is free, the new one is not.
    claims = {item["sk"] for item in world.dump("core") if item["pk"] == f"ORG#{acme}" and item["sk"].startswith("EMA")}
    assert claims == {f"EMAIL#{NEW.lower()}"}


def test_a_block_stays_with_the_old_address(
    world: World, driver: Driver, course: str, ann: Person, mailbox: Mailbox
) -> None:
    (acme,) = driver.clients(course, "Acme")
    member = world.member(acme, email=OLD, account_id=ann.account, mail_blocked="complained")
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    shown = _member(world, driver.admin, acme, member)
    assert (shown["email"], shown["mail_blocked"]) == (NEW, False)


def test_where_somebody_else_has_the_address_the_old_one_stays(
    world: World, driver: Driver, course: str, ann: Person, mailbox: Mailbox
) -> None:
    acme, zenith = driver.clients(course, "Acme", "Zenith")
    at_acme, at_zenith = (world.member(org, email=OLD, account_id=ann.account) for org in (acme, zenith))
    other = world.member(acme, email=NEW.upper())
    ann.ask()
    changed = ann.confirm(_code(mailbox))
    assert changed.json == {"email": NEW, "kept_in": [{"org_id": acme, "name": "Acme"}]}
    assert _member(world, driver.admin, acme, at_acme)["email"] == OLD
    assert _member(world, driver.admin, acme, other)["email"] == NEW.upper()
    assert _member(world, driver.admin, zenith, at_zenith)["email"] == NEW


def test_admins_are_listed_with_the_new_address(world: World, driver: Driver, ann: Person, mailbox: Mailbox) -> None:
    org = world.org(driver.msp, courses=[])
    world.msp_admin(driver.msp, ann.account)
    world.org_admin(org, ann.account)
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    for path in ("/msp/admins", f"/orgs/{org}/admins"):
        shown = {item["account_id"]: item["email"] for item in world.every(path, driver.admin)}
        assert shown[ann.account] == NEW.lower()


def test_a_member_without_an_address_gets_one(world: World, driver: Driver, ann: Person, mailbox: Mailbox) -> None:
    org = world.org(driver.msp, courses=[])
    member = world.member(org, email=None, login_name="ann", account_id=ann.account)
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    assert _member(world, driver.admin, org, member)["email"] == NEW


def test_an_address_of_another_account_is_requested_like_any_and_not_given(
    world: World, ann: Person, mailbox: Mailbox
) -> None:
    bob = Person(world, "bob@example.com")
    asked = ann.ask("Bob@example.com")
    assert (asked.status, asked.json) == (202, {"email": "Bob@example.com"})
    assert _said(ann.confirm(_code(mailbox))) == (409, "account_exists")
    assert bob.logs_in_with("bob@example.com")
    assert ann.logs_in_with(OLD)


def test_an_address_that_becomes_another_accounts_meanwhile_is_not_given(
    world: World, ann: Person, mailbox: Mailbox
) -> None:
    ann.ask()
    code = _code(mailbox)
    with world.refusing("cognito-idp", "AdminUpdateUserAttributes", "AliasExistsException"):
        assert _said(ann.confirm(code)) == (409, "account_exists")


def test_who_only_registered_with_the_address_does_not_hold_it(world: World, ann: Person, mailbox: Mailbox) -> None:
    body = {"email": NEW, "password": PASSWORD}
    registration = world.post("/auth/register", body=body).json["registration_id"]
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    late = world.post("/auth/confirm", body={"registration_id": registration, "code": "123456"})
    assert _said(late) == (409, "account_exists")


# The code


def test_before_the_mail_is_written_there_is_no_code(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    assert _said(ann.confirm("00000000")) == (422, "wrong_code")
    assert not [item for item in world.dump("outbox") if "code_hash" in item]


def test_only_its_hash_is_kept_and_the_mail_holds_no_address(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    code = _code(mailbox)
    items = world.dump("outbox")
    assert [item for item in items if "code_hash" in item]
    assert code not in str(items)
    assert NEW.lower() not in str(mailbox.items()).lower()


def test_a_code_is_good_for_half_an_hour(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    code = _code(mailbox)
    world.now += timedelta(minutes=30)
    assert _said(ann.confirm(code)) == (422, "wrong_code")


def test_a_code_is_good_for_five_tries(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    code = _code(mailbox)
    wrong = "00000000" if code != "00000000" else "00000001"
    for _ in range(5):
        world.now += timedelta(minutes=1)
        assert _said(ann.confirm(wrong)) == (422, "wrong_code")
    world.now += timedelta(minutes=1)
    assert _said(ann.confirm(code)) == (422, "wrong_code")
    assert ann.logs_in_with(OLD)


def test_the_fifth_try_may_be_the_right_one(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    code = _code(mailbox)
    wrong = "00000000" if code != "00000000" else "00000001"
    for _ in range(4):
        ann.confirm(wrong)
    world.now += timedelta(minutes=1)
    assert ann.confirm(code).status == 200


def test_the_code_belongs_to_the_account_that_asked(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    code = _code(mailbox)
    assert _said(Person(world, "bob@example.com").confirm(code)) == (422, "wrong_code")


def test_a_new_request_makes_the_earlier_code_worthless(world: World, ann: Person, mailbox: Mailbox) -> None:
    ann.ask()
    first = _code(mailbox)
    ann.ask("other@new.example")
    second = _code(mailbox)
    assert _said(ann.confirm(first)) == (422, "wrong_code") or first == second
    assert ann.confirm(second).json["email"] == "other@new.example"


def test_a_new_request_before_the_mail_went_out_sends_the_newer_code_only(
    world: World, ann: Person, mailbox: Mailbox
) -> None:
    ann.ask()
    ann.ask("other@new.example")
    mailbox.send()
    assert mailbox.to() == ["other@new.example"]
    assert sorted(mailbox.states().values()) == ["sent", "suppressed"]


def test_the_same_request_twice_sends_one_mail(world: World, ann: Person, mailbox: Mailbox) -> None:
    assert ann.ask(key="once").json == ann.ask(key="once").json
    world.lose_answers()
    assert ann.ask(key="once").status == 202
    mailbox.send()
    assert mailbox.to() == [NEW]


# Breaking off


def test_an_interrupted_change_is_completed_by_the_same_code(
    world: World, driver: Driver, course: str, ann: Person, mailbox: Mailbox
) -> None:
    """Each call of the change fails once; the same code takes it up again, also long after its half hour."""
    orgs = driver.clients(course, "Acme", "Zenith")
    members = [world.member(org, email=OLD, account_id=ann.account) for org in orgs]
    world.org_admin(orgs[0], ann.account)
    ann.ask()
    code = _code(mailbox)
    failed = 0
    for at in range(1, 60):
        with _breaking(at) as struck:
            answer = ann.confirm(code)
        world.now += timedelta(minutes=1)
        if not struck:
            break
        failed += answer.status >= 500
        assert answer.status in (200, 500, 503), answer.text
    assert failed > 10
    assert answer.json == {"email": NEW, "kept_in": []}
    world.now += timedelta(hours=2)
    assert ann.confirm(code).json == {"email": NEW, "kept_in": []}
    for org, member in zip(orgs, members, strict=True):
        assert _member(world, driver.admin, org, member)["email"] == NEW
        entries = [one for one in world.every(f"/orgs/{org}/audit", driver.admin) if one["action"] == "email.changed"]
        assert sorted(one["target"] for one in entries) == sorted(
            [f"member/{member}", *([f"admin/{ann.account}"] if org == orgs[0] else [])]
        )


# Limits


def test_an_address_gets_five_codes_an_hour(world: World, ann: Person, mailbox: Mailbox) -> None:
    for _ in range(5):
        world.now += timedelta(minutes=1)
        assert ann.ask().status == 202
    world.now += timedelta(minutes=1)
    refused = ann.ask(NEW.upper())
    assert _said(refused) == (429, "too_many")
    assert int(refused.headers["retry-after"]) > 50 * 60


def test_an_account_tries_five_times_a_minute(world: World, ann: Person, mailbox: Mailbox) -> None:
    assert [ann.confirm("00000000").status for _ in range(6)] == [422] * 5 + [429]


@pytest.mark.parametrize("body", [{}, {"email": "nonsense"}, {"email": NEW, "force": True}])
def test_an_invalid_change_of_address_is_refused(world: World, ann: Person, body: dict[str, Any]) -> None:
    assert world.post("/me/email", ann.account, body).status == 422


def _found(world: World, admin: str, org: str, start: str) -> list[str]:
    return [item["member_id"] for item in world.every(f"/orgs/{org}/members?search={start}", admin)]


@contextmanager
def _breaking(at: int) -> Iterator[list[str]]:
    """Lose the answer to one AWS call, the one with this number; gives the call's name once that has happened."""
    struck: list[str] = []
    count = iter(range(1, 1_000))
    call = BaseClient._make_api_call

    def lost(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        answer = call(self, operation, parameters)
        if next(count) == at:
            struck.append(operation)
            raise ConnectionClosedError(endpoint_url="")
        return answer

    with mock.patch.object(BaseClient, "_make_api_call", lost):
        yield struck


@pytest.mark.parametrize(
    ("password", "said"),
    [(None, (403, "log_in_again")), ("Wrong-horse-7", (401, "wrong_credentials")), (PASSWORD, None)],
)
def test_an_old_session_asks_for_the_password(
    world: World, ann: Person, mailbox: Mailbox, password: str | None, said: Any
) -> None:
    """Issue 10, 14."""
    world.logged_in_at = world.now - timedelta(minutes=11)
    answer = world.post("/me/email", ann.account, {"email": NEW, "password": password})
    mailbox.send()
    if said is None:
        assert (answer.status, len(mailbox.mails())) == (202, 1)
    else:
        assert (_said(answer), mailbox.mails()) == (said, [])


def test_the_old_address_is_told_once(world: World, ann: Person, mailbox: Mailbox) -> None:
    """Issue 10, 14."""
    ann.ask()
    code = _code(mailbox)
    for _ in range(2):
        assert ann.confirm(code).status == 200
    mailbox.send()
    told = [mail for mail in mailbox.mails() if mail["Subject"] == "Your email address for Muster was changed"]
    assert [mail["To"] for mail in told] == [[OLD]]
    assert NEW not in told[0]["BodyText"]
    assert OLD in told[0]["BodyText"]


def test_what_was_kept_back_is_healed_when_the_change_is_asked_for_again(
    world: World, ann: Person, mailbox: Mailbox
) -> None:
    """Issue 10, 14: the address belonged to another member of one organization, who has left it since."""
    org = world.org(world.msp())
    member = world.member(org, account_id=ann.account, email=OLD)
    other = world.member(org, email=NEW, status="prospect")
    admin = world.org_admin(org)
    ann.ask()
    assert [one["org_id"] for one in ann.confirm(_code(mailbox)).json["kept_in"]] == [org]
    world._email_by_account[ann.account] = NEW
    erased = world.client("dynamodb")
    core = world.stage.table_names["core"]
    erased.delete_item(TableName=core, Key={"pk": {"S": f"ORG#{org}"}, "sk": {"S": f"EMAIL#{NEW.lower()}"}})
    erased.delete_item(TableName=core, Key={"pk": {"S": f"ORG#{org}#MEMBERS"}, "sk": {"S": f"MEMBER#{other}"}})
    world.now += timedelta(minutes=5)
    mailbox.send()
    assert ann.ask().status == 202
    assert ann.confirm(_code(mailbox)).json["kept_in"] == []
    assert world.get(f"/orgs/{org}/members/{member}", admin).json["email"] == NEW


def test_a_try_of_a_replaced_code_does_not_count_against_the_new_one(
    world: World, ann: Person, mailbox: Mailbox
) -> None:
    """As when another change is asked for while the code of the first is being compared."""
    ann.ask()
    _code(mailbox)
    replaced = email_change_store.change_of(ann.account)
    world.now += timedelta(minutes=2)
    ann.ask("ann.second@new.example")
    code = _code(mailbox)
    assert replaced is not None
    assert [email_change_store.count_try(replaced) for _ in range(6)] == [False] * 6
    assert ann.confirm(code).status == 200


def test_an_open_invitation_goes_along_to_the_new_address(
    world: World, driver: Driver, course: str, ann: Person, mailbox: Mailbox
) -> None:
    """Of who was there before and is invited again: only then an account and an open invitation belong together."""
    (acme,) = driver.clients(course, "Acme")
    member = world.member(acme, email=OLD, account_id=ann.account)
    assert world.post(f"/orgs/{acme}/members/{member}/archive", driver.admin).status in (200, 202)
    driver.work()
    form = {"group_id": world.group(acme, "Finance"), "emails": [OLD], "notify": "now"}
    assert world.post(f"/orgs/{acme}/invites", driver.admin, form).json["results"][0]["result"] == "invited"
    mailbox.send()
    ann.ask()
    assert ann.confirm(_code(mailbox)).status == 200
    world._email_by_account[ann.account] = NEW
    (invite,) = world.every("/me/invites", ann.account)
    assert world.every("/me/invites", world.account(OLD)) == []
    assert world.post(f"/me/invites/{invite['invite_id']}/accept", ann.account, {}).status == 200
    assert _member(world, driver.admin, acme, member)["status"] == "active"
