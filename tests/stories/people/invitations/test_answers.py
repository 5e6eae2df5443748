"""The invited person's answer over the API: whose it is, and what comes of it (I6, B7, B11)."""

from datetime import timedelta

import pytest

from tests import gateway
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inviting import Inviting


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


def test_an_expired_link_offers_a_fresh_one_and_accepts_nothing(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    assert world.submit(f"/invites/{token}/renew").status == 409
    world.now += timedelta(days=31)
    assert inviting.member(member_id)["invitation"]["expired"] is True
    page = world.get(f"/invites/{token}")
    assert (page.status, "Send a new link" in page.text) == (200, True)
    account = world.account("ann@example.com")
    refused = world.post(f"/me/invites/{inviting.org}.{member_id}/accept", account, {})
    assert (refused.status, refused.json["code"]) == (409, "expired")
    assert world.submit(f"/invites/{token}/accept").headers["location"] == f"/dev/invites/{token}"

    for _ in range(2):
        # Pressed twice, it mails once and answers alike.
        assert world.submit(f"/invites/{token}/renew").headers["location"] == f"/dev/invites/{token}/renew"
    assert "Check your email" in world.get(f"/invites/{token}/renew").text
    fresh = inviting.mailed_token("ann@example.com")
    assert world.get(f"/invites/{fresh}").status == 200
    assert inviting.member(member_id)["invitation"]["expired"] is False


def test_who_comes_back_keeps_what_they_did_and_nobody_else_gets_it(world: World, inviting: Inviting) -> None:
    first = world.account("ann@example.com")
    member = world.member(inviting.org, status="archived", email="ann@example.com", account_id=first)
    token, member_id = inviting.invited("ann@example.com")
    assert member_id == member
    other = world.account("eve@example.com")
    refused = world.post(f"/me/invites/{inviting.org}.{member}/accept", other, {"token": token})
    assert (refused.status, refused.json["code"]) == (409, "other_account")
    assert world.post(f"/me/invites/{inviting.org}.{member}/accept", first, {}).status == 200


def test_accepting_twice_is_accepting_once_and_another_account_cannot(world: World, inviting: Inviting) -> None:
    _, member_id = inviting.invited("ann@example.com")
    account, path = world.account("ann@example.com"), f"/me/invites/{inviting.org}.{member_id}/accept"
    first, second = world.post(path, account, {}), world.post(path, account, {})
    assert (first.status, second.status) == (200, 200)
    assert first.json == second.json
    assert world.post(path, world.account("eve@example.com"), {}).status == 404
    inviting.driver.work()
    assert len(world.every("/me/courses", account)) == 1
    inviting.mailbox.send()
    assert [one for one in inviting.subjects("ann@example.com") if one.startswith("Welcome")] == [
        "Welcome to the training of Acme Industries"
    ]


def test_an_invitation_moves_to_the_account_that_has_its_link(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("old@example.com")
    account = world.account("new@example.com")
    path = f"/me/invites/{inviting.org}.{member_id}/accept"
    assert world.post(path, account, {}).status == 404
    moved = world.post(path, account, {"token": token})
    assert (moved.status, moved.json["status"]) == (200, "active")
    assert inviting.member(member_id)["email"] == "new@example.com"
    # The old address is nobody's here any more.
    (other,) = inviting.invite("old@example.com")
    assert (other["result"], other["member_id"] != member_id) == ("invited", True)


def test_the_allow_list_holds_when_an_invitation_moves(world: World, inviting: Inviting) -> None:
    """Issue 10, 15."""
    page = {"enabled": True, "slug": "acme", "allowed_domains": ["acme.example"]}
    assert world.put(f"/orgs/{inviting.org}/join-page", inviting.admin, page).status == 200
    token, member_id = inviting.invited("ann@acme.example")
    path = f"/me/invites/{inviting.org}.{member_id}/accept"
    refused = world.post(path, world.account("ann@evil.example"), {"token": token})
    assert (refused.status, refused.json["code"]) == (409, "domain_not_allowed")
    assert inviting.member(member_id)["email"] == "ann@acme.example"
    moved = world.post(path, world.account("Ann.Lee@ACME.example"), {"token": token})
    assert (moved.status, moved.json["status"]) == (200, "active")


def test_a_move_is_in_the_audit_trail_once_and_without_addresses(world: World, inviting: Inviting) -> None:
    """Issue 10, 15."""
    token, member_id = inviting.invited("old@example.com")
    account = world.account("new@example.com")
    for _ in range(2):
        path = f"/me/invites/{inviting.org}.{member_id}/accept"
        assert world.post(path, account, {"token": token}).status == 200
    entries = world.every(f"/orgs/{inviting.org}/audit", inviting.admin)
    (moved,) = [entry for entry in entries if entry["action"] == "invitation.moved"]
    assert (moved["actor"], moved["target"]) == (account, f"member/{member_id}")
    assert "example.com" not in str(moved)


@pytest.mark.parametrize(
    ("email", "is_blocked"), [("new@example.com", False), ("Complaint@Simulator.AmazonSES.com", True)]
)
def test_a_block_belongs_to_the_address_that_complained(
    world: World, inviting: Inviting, email: str, is_blocked: bool
) -> None:
    """An invitation that moves to another address leaves it behind; the same address in other letters keeps it."""
    token, member_id = inviting.invited("complaint@simulator.amazonses.com")
    assert inviting.member(member_id)["mail_blocked"] is True
    answer = world.post(f"/me/invites/{inviting.org}.{member_id}/accept", world.account(email), {"token": token})
    assert answer.status == 200
    assert inviting.member(member_id)["mail_blocked"] is is_blocked
    inviting.mailbox.send()
    assert len(inviting.subjects(email)) == (0 if is_blocked else 1)


@pytest.mark.parametrize("verified", [None, "", "false", "False", "0"])
def test_an_address_that_was_not_confirmed_has_no_invitations(
    world: World, inviting: Inviting, verified: str | None
) -> None:
    _, member_id = inviting.invited("ann@example.com")
    claims = {"sub": world.account(), "token_use": "id", "email": "ann@example.com"}
    if verified is not None:
        claims["email_verified"] = verified
    path = f"/me/invites/{inviting.org}.{member_id}"
    answers = [
        gateway.send(method, address, claims=claims, body=body, headers={"Content-Type": "application/json"})
        for method, address, body in [
            ("GET", "/me/invites", None),
            ("POST", f"{path}/accept", b"{}"),
            ("POST", f"{path}/decline", None),
        ]
    ]
    assert (answers[0].status, answers[0].json["items"]) == (200, [])
    assert [(answer.status, answer.json["code"]) for answer in answers[1:]] == [(409, "no_address")] * 2
    assert inviting.member(member_id)["status"] == "pending"


def test_an_invitation_does_not_move_to_an_address_that_is_a_members(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("old@example.com")
    inviting.invite("new@example.com")
    answer = world.post(
        f"/me/invites/{inviting.org}.{member_id}/accept", world.account("new@example.com"), {"token": token}
    )
    assert (answer.status, answer.json["code"]) == (409, "address_taken")
    assert inviting.member(member_id)["status"] == "prospect" or inviting.member(member_id)["status"] == "pending"


def test_an_account_is_one_member_of_an_organization(world: World, inviting: Inviting) -> None:
    account, _ = world.learner(inviting.org, account_id=world.account("first@example.com"), email="first@example.com")
    token, member_id = inviting.invited("second@example.com")
    path = f"/me/invites/{inviting.org}.{member_id}/accept"
    answer = world.post(path, account, {"token": token})
    assert (answer.status, answer.json["code"]) == (409, "already_member")


def test_who_was_a_member_keeps_the_name_when_a_new_invitation_comes_to_nothing(
    world: World, inviting: Inviting
) -> None:
    account = world.account("ann@example.com")
    left = world.member(
        inviting.org, status="archived", email="ann@example.com", first_name="Zebedee", account_id=account
    )
    inviting.invite("ann@example.com")
    inviting.change("cancel", left)
    assert inviting.member(left)["first_name"] == "Zebedee"
    assert len(world.every(f"/orgs/{inviting.org}/members?search=Zeb", inviting.admin)) == 1


def test_one_person_at_two_clients_has_one_account_and_each_client_sees_its_own(
    world: World, inviting: Inviting
) -> None:
    other_course = world.course(inviting.driver.msp, "Something else")
    other = world.org(inviting.driver.msp, "Basaltine", courses=[other_course])
    group, admin = world.group(other, "Crew", [other_course]), world.org_admin(other)
    inviting.invited("ann@example.com")
    form = {"group_id": group, "emails": ["Ann@Example.com"], "notify": "now"}
    assert world.post(f"/orgs/{other}/invites", admin, form).status == 201
    account = world.account("ann@example.com")
    mine = world.every("/me/invites", account)
    assert {one["organization"] for one in mine} == {"Acme Industries", "Basaltine"}
    for invite in mine:
        assert world.post(f"/me/invites/{invite['invite_id']}/accept", account, {}).status == 200
    inviting.driver.work()
    memberships = world.get("/me", account).json["memberships"]
    assert {one["org_id"] for one in memberships} == {inviting.org, other}
    assert {one["course_id"] for one in world.every("/me/courses", account)} == {inviting.course, other_course}
    for org, seen_by, foreign in ((inviting.org, inviting.admin, other), (other, admin, inviting.org)):
        (person,) = world.every(f"/orgs/{org}/members", seen_by)
        told = world.every(f"/orgs/{org}/members/{person['member_id']}/enrollments", seen_by)
        assert len(told) == 1
        assert foreign not in str(told)
        elsewhere = next(one["member_id"] for one in memberships if one["org_id"] == foreign)
        assert world.get(f"/orgs/{foreign}/members/{elsewhere}", seen_by).status == 404
        assert world.get(f"/orgs/{org}/members/{elsewhere}", seen_by).status == 404
