"""O6, F1: members without an address. An admin gives a login name and a first password, which has to be changed."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.identity import identity
from chalicelib.people.accounts import login_names
from chalicelib.people.members import store as members_store
from chalicelib.web.sessions import service as sessions
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser

FIRST, OWN = "First-password-1", "My-own-password-2"


class Firm:
    def __init__(self, world: World) -> None:
        self.world, self.driver = world, Driver(world)
        self.course = world.course(self.driver.msp)
        self.org = self.driver.clients(self.course, "Acme")[0]
        self.boss = world.org_admin(self.org)
        self.group = world.group(self.org, "Drivers", [self.course])
        self.sales, self.legal = world.department(self.org, "Sales"), world.department(self.org, "Legal")
        self.head = world.org_admin(self.org, role="department_admin", department_ids=[self.sales])

    def create(self, login: str = "ann.lee", as_: str | None = None, key: str | None = None, **more: Any) -> Answer:
        form = {"login_name": login, "password": FIRST, "first_name": "Ann", **more}
        headers = {"Idempotency-Key": key} if key else {}
        return self.world.post(f"/orgs/{self.org}/members", as_ or self.boss, form, headers=headers)

    def log_in(self, login: str = "ann.lee", **body: str) -> Answer:
        return self.world.post("/auth/login", body={"login": login, **body})

    def choose(self, login: str, first: str, own: str) -> Mapping[str, Any]:
        challenge = self.log_in(login, password=first).json
        assert challenge["challenge"] == "new_password_required", challenge
        done = self.log_in(login, session=challenge["session"], new_password=own)
        assert done.status == 200, done.text
        return dict(done.json)

    def reset(self, member: str, as_: str | None = None, password: str = "Second-password-3") -> Answer:
        path = f"/orgs/{self.org}/members/{member}/first-password"
        return self.world.put(path, as_ or self.boss, {"password": password})


@pytest.fixture
def firm(world: World) -> Firm:
    return Firm(world)


def test_they_log_in_by_login_name_change_the_password_and_have_their_groups_courses(firm: Firm) -> None:
    made = firm.create("Ann.Lee", group_ids=[firm.group], last_name="Lee")
    assert made.status == 201, made.text
    assert (made.json["status"], made.json["login_name"], made.json["email"]) == ("active", "ann.lee", None)
    assert FIRST not in str(firm.driver.everything())
    firm.driver.work()
    assert firm.driver.enrolled(firm.org, firm.course) == {made.json["member_id"]}
    firm.choose("ann.lee", FIRST, OWN)
    assert firm.log_in("ANN.LEE", password=OWN).json["id_token"]
    assert firm.log_in(password=FIRST).status == 401
    account = firm.world.client("cognito-idp").admin_get_user(
        UserPoolId=firm.world.stage.environment["USER_POOL_ID"], Username="ann.lee"
    )
    sub = next(one["Value"] for one in account["UserAttributes"] if one["Name"] == "sub")
    (mine,) = firm.world.get("/me/courses", sub).json["items"]
    assert mine["course_id"] == firm.course
    found = firm.world.get(f"/orgs/{firm.org}/members?search=ann.l", firm.boss).json["items"]
    assert [one["member_id"] for one in found] == [made.json["member_id"]]


def test_the_same_request_makes_one_member(firm: Firm) -> None:
    answers = [firm.create(key="once") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json


@pytest.mark.parametrize("broken", ["claim", "account", "member"])
def test_after_a_failure_in_between_the_next_try_goes_on(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with monkeypatch.context() as patch:
        if broken == "claim":
            patch.setattr(login_names, "identity", _broken)
        elif broken == "account":
            patch.setattr(login_names, "member_joined", _broken)
        else:
            patch.setattr(login_names.audit, "commit", _broken)
        assert firm.create().status == 500
    made = firm.create(password="Another-first-4")
    assert made.status == 201, made.text
    firm.choose("ann.lee", "Another-first-4", OWN)
    assert firm.log_in(password=OWN).status == 200


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("broken on purpose")


def test_a_name_is_one_persons_in_all_organizations(firm: Firm, world: World) -> None:
    assert firm.create().status == 201
    next_door = world.org(firm.driver.msp, "Next door")
    form = {"login_name": "ANN.lee", "password": FIRST, "first_name": "Ann"}
    for org, admin in ((firm.org, firm.boss), (next_door, world.org_admin(next_door))):
        refused = world.post(f"/orgs/{org}/members", admin, form)
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, "login_name_taken")
    assert world.every(f"/orgs/{next_door}/members", firm.driver.admin) == []


def test_a_name_that_an_account_has_without_us_is_taken(firm: Firm, world: World) -> None:
    pool = world.stage.environment["USER_POOL_ID"]
    attributes = [{"Name": "email", "Value": "bob@example.com"}, {"Name": "email_verified", "Value": "true"}]
    world.client("cognito-idp").admin_create_user(
        UserPoolId=pool, Username="bob.lee", UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    refused = firm.create("bob.lee")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "login_name")
    assert world.every(f"/orgs/{firm.org}/members", firm.boss) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"login": "ab"}, "login_name"),
        ({"login": "ann@example.com"}, "login_name"),
        ({"login": "ann lee"}, "login_name"),
        ({"password": "short"}, "password"),
        ({"password": "First password 1"}, "password"),
        ({"first_name": None}, "body"),
        ({"group_ids": ["nobody"]}, "group_ids.0"),
        ({"department_id": "nobody"}, "department_id"),
        ({"location_id": "nobody"}, "location_id"),
    ],
)
def test_wrong_forms_are_refused_and_make_no_account(firm: Firm, more: dict[str, Any], field: str) -> None:
    refused = firm.create(**more)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, field), refused.text
    assert firm.create().status == 201


def test_who_is_limited_creates_people_in_their_departments(firm: Firm) -> None:
    for department, code in ((None, "required"), (firm.legal, "unknown_department")):
        refused = firm.create(as_=firm.head, department_id=department)
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, code)
    assert firm.create(as_=firm.head, department_id=firm.sales).json["department_id"] == firm.sales


def test_a_forgotten_password_is_replaced_by_another_first_one(firm: Firm) -> None:
    member = firm.create(department_id=firm.sales).json["member_id"]
    firm.choose("ann.lee", FIRST, OWN)
    other_head = firm.world.org_admin(firm.org, role="department_admin", department_ids=[firm.legal])
    assert firm.reset(member, other_head).status == 403
    assert firm.reset(member, password="weak").status == 422
    assert firm.log_in(password=OWN).status == 200
    assert firm.reset(member, firm.head).status == 204
    assert firm.log_in(password=OWN).status == 401
    firm.world.now += timedelta(minutes=2)  # Past the limit on tries.
    firm.choose("ann.lee", "Second-password-3", "A-third-of-mine-4")


def test_no_admin_gets_into_an_account_that_is_not_only_theirs(firm: Firm, world: World) -> None:
    mailed = world.member(firm.org, account_id=world.account())
    assert (firm.reset(mailed).status, firm.reset(mailed).json["code"]) == (409, "no_login_name")
    member = firm.create().json["member_id"]
    account = next(item for item in world.dump("core") if item["sk"] == f"MEMBER#{member}" and "account_id" in item)
    world.member(world.org(firm.driver.msp, "Next door"), account_id=account["account_id"])
    refused = firm.reset(member)
    assert (refused.status, refused.json["code"]) == (409, "not_yours_to_set")
    # Nor into one whose owner has proven an address meanwhile.
    other = firm.create("bob.lee").json["member_id"]
    attributes = [{"Name": "email", "Value": "bob@example.com"}, {"Name": "email_verified", "Value": "true"}]
    world.client("cognito-idp").admin_update_user_attributes(
        UserPoolId=world.stage.environment["USER_POOL_ID"], Username="bob.lee", UserAttributes=attributes
    )
    refused = firm.reset(other)
    assert (refused.status, refused.json["code"]) == (409, "not_yours_to_set")
    assert firm.log_in("bob.lee", password=FIRST).json["challenge"] == "new_password_required"


def test_of_two_who_want_the_name_at_once_one_gets_it(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second takes the claim over, before the first has made the member."""
    original, answers = login_names.identity, []

    def other_first() -> Any:
        monkeypatch.setattr(login_names, "identity", original)
        answers.append(firm.create(first_name="Bob"))
        return original()

    monkeypatch.setattr(login_names, "identity", other_first)
    answers.append(firm.create())
    assert sorted(answer.status for answer in answers) in ([201, 409], [201, 422]), [one.text for one in answers]
    assert len(firm.world.every(f"/orgs/{firm.org}/members", firm.boss)) == 1


def test_a_session_that_began_while_the_first_password_was_changed_is_over(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the old password, which counts until Cognito has the new one."""
    member_id = firm.create().json["member_id"]
    member = members_store.member(firm.org, member_id)
    assert member is not None
    who = sessions.Known(str(member.account_id), None, "Ann", "Lee")
    begun = []

    class Meanwhile:
        def set_first_password(self, name: str, password: str) -> str | None:
            begun.append(sessions.begin(who, "Test", kept=False, now=firm.world.now))
            return identity().set_first_password(name, password)

    monkeypatch.setattr(login_names, "identity", Meanwhile)
    assert firm.reset(member_id).status == 204
    assert [sessions.find(cookie, firm.world.now) for cookie in begun] == [None]


def test_who_has_a_login_name_adds_an_address_on_their_profile(firm: Firm, mailbox: Mailbox) -> None:
    """The explanation of a mail that nobody could get says so."""
    made = firm.create(last_name="Lee").json
    firm.choose("ann.lee", FIRST, OWN)
    member = members_store.member(firm.org, made["member_id"])
    assert member is not None
    browser = Browser(firm.world).has_session_of(str(member.account_id))
    browser.open("/me/profile")
    page = browser.follow("Add an email address")
    # A password proves nothing here, and is not asked for.
    assert not [form for form in page.forms if "password" in form.names()]
    firm.world.now += timedelta(minutes=11)
    page = browser.press("Email a code to the new address", email="ann@new.example")
    assert (page.status, "Log out and log in again" in page.text) == (403, True)
    assert ("email", "ann@new.example") in page.form("Email a code to the new address").fields
    browser.has_session_of(str(member.account_id))
    page = browser.press("Email a code to the new address", email="ann@new.example")
    mailbox.send()
    code = re.findall(r"\b\d{8}\b", mailbox.mails()[-1]["BodyText"])[0]
    page = browser.press("Use the new address", code=code)
    assert "Your email address was changed." in page.text
    found = firm.world.get(f"/orgs/{firm.org}/members/{made['member_id']}", firm.boss).json
    assert (found["email"], found["login_name"]) == ("ann@new.example", "ann.lee")
