"""Inviting by hand: who is invited, what they get, and what becomes of the invitation (I1, I3 to I6, B6, B7)."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import worker as jobs
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.inviting import Inviting


@pytest.fixture
def inviting(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Inviting:
    return Inviting(world, driver, monkeypatch)


def test_an_invitation_is_mailed_delivered_shown_accepted_and_brings_the_courses_of_the_group(
    world: World, inviting: Inviting
) -> None:
    (result,) = inviting.invite("Ann.Lee@Example.com")
    assert (result["result"], result["status"], result["email"]) == ("invited", "prospect", "Ann.Lee@Example.com")
    member_id = result["member_id"]
    assert inviting.member(member_id)["mail"]["state"] == "queued"

    token = inviting.mailed_token("Ann.Lee@example.com")
    assert inviting.member(member_id)["status"] == "prospect"
    assert inviting.member(member_id)["mail"]["state"] == "sent"
    inviting.mailbox.deliver_events()
    shown = inviting.member(member_id)
    assert (shown["status"], shown["mail"]["state"]) == ("pending", "delivered")
    assert shown["invitation"] == {"expires_at": "2027-02-03T10:00:00Z", "expired": False}

    page = world.get(f"/invites/{token}")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Acme Industries" in page.text
    assert "Ann.Lee@example.com" in page.text

    account = world.account("ann.lee@example.com")
    (mine,) = world.every("/me/invites", account)
    assert (mine["organization"], mine["expired"]) == ("Acme Industries", False)
    names = {"first_name": "Ann", "last_name": "Lee"}
    answered = world.post(f"/me/invites/{mine['invite_id']}/accept", account, names)
    assert (answered.status, answered.json["status"]) == (200, "active")
    inviting.driver.work()

    assert world.every("/me/invites", account) == []
    assert [one["org_id"] for one in world.get("/me", account).json["memberships"]] == [inviting.org]
    (course,) = world.every("/me/courses", account)
    assert (course["course_id"], course["status"]) == (inviting.course, "enrolled")
    person = inviting.member(member_id)
    assert (person["status"], person["first_name"], person["last_name"]) == ("active", "Ann", "Lee")
    assert (person["invitation"], person["mail"]) == (None, None)
    inviting.mailbox.send()
    assert "Welcome to the training of Acme Industries" in inviting.subjects("Ann.Lee@example.com")


def test_each_address_has_its_own_answer_and_a_wrong_one_stops_nobody(world: World, inviting: Inviting) -> None:
    there = world.member(inviting.org, email="There@Example.com")
    results = inviting.invite("new@example.com", "not an address", "there@example.com", "NEW@example.com ")
    told = [(one["result"], one["code"], one["status"]) for one in results]
    assert told == [
        ("invited", None, "prospect"),
        ("failed", "invalid_email", None),
        ("already_member", "already_member", "active"),
        ("failed", "repeated", None),
    ]
    assert results[2]["member_id"] == there
    assert all(one["sentence"] and one["next_step"] for one in results[1:])
    assert len(inviting.by_status("prospect")) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"emails": []}, "emails"),
        ({"emails": ["a@example.com"] * 11}, "emails"),
        ({"group_id": "unknown"}, "group_id"),
        ({"notify": "2027-01-04T09:00:00Z"}, "notify"),
        ({"notify": "2029-01-04T09:00:00Z"}, "notify"),
        ({"notify": "tomorrow"}, "notify"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_form_names_the_field_and_invites_nobody(
    world: World, inviting: Inviting, body: dict[str, Any], field: str
) -> None:
    before = world.dump("core")
    answer = inviting.send_form({"group_id": inviting.group, "emails": ["a@example.com"], "notify": "now", **body})
    assert answer.status == 422, answer.text
    assert [error["field"].split(".")[0] for error in answer.json["errors"]][:1] == [field]
    assert world.dump("core") == before


def test_the_same_request_twice_invites_once_even_when_its_answer_was_lost(world: World, inviting: Inviting) -> None:
    form = {"group_id": inviting.group, "emails": ["ann@example.com", "bob@example.com"], "notify": "now"}
    first = inviting.send_form(form, "key")
    assert inviting.send_form(form, "key").json == first.json
    world.lose_answers()
    assert inviting.send_form(form, "key").json == first.json
    inviting.mailbox.send()
    assert inviting.mailbox.to() == ["ann@example.com", "bob@example.com"]


def test_mails_go_out_at_the_chosen_instant_and_the_link_lasts_from_then(world: World, inviting: Inviting) -> None:
    at = world.now + timedelta(days=3)
    (result,) = inviting.invite("ann@example.com", notify=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    inviting.driver.work()
    inviting.mailbox.send()
    assert inviting.mailbox.to() == []
    assert inviting.member(result["member_id"])["mail"]["state"] == "queued"
    assert inviting.member(result["member_id"])["invitation"]["expires_at"] == "2027-02-06T10:00:00Z"
    world.now = at
    assert inviting.driver.fire() == 1
    inviting.mailbox.send()
    assert inviting.mailbox.to() == ["ann@example.com"]
    assert [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")] == []


def test_a_lost_schedule_costs_minutes(world: World, inviting: Inviting) -> None:
    at = world.now + timedelta(days=3)
    inviting.invite("ann@example.com", notify=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    world.messages()
    world.now = at + timedelta(minutes=3)
    jobs.sweep(lambda: world.now)
    inviting.driver.work()
    inviting.mailbox.send()
    assert inviting.mailbox.to() == ["ann@example.com"]


def test_declining_closes_the_invitation_and_the_person_can_be_invited_again(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    page = world.submit(f"/invites/{token}/decline")
    assert page.headers["location"] == f"/dev/invites/{token}"
    assert inviting.member(member_id)["status"] == "declined"
    page = world.get(f"/invites/{token}")
    assert (page.status, "You declined the invitation" in page.text) == (200, True)
    assert world.every("/me/invites", world.account("ann@example.com")) == []

    (again,) = inviting.invite("ANN@example.com")
    assert (again["result"], again["member_id"]) == ("invited", member_id)
    assert world.get(f"/invites/{token}").status == 404
    assert world.get(f"/invites/{inviting.mailed_token('ANN@example.com')}").status == 200


def test_a_resent_invitation_has_a_new_link_and_the_old_one_is_dead_at_once(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    (done,) = inviting.change("resend", member_id)
    assert done["done"]
    assert world.get(f"/invites/{token}").status == 404
    fresh = inviting.mailed_token("ann@example.com")
    assert fresh != token
    assert world.get(f"/invites/{fresh}").status == 200
    assert inviting.subjects("ann@example.com")[-1].startswith("Your new link")


def test_a_cancelled_invitation_has_a_dead_link_and_the_person_gets_a_mail(world: World, inviting: Inviting) -> None:
    token, member_id = inviting.invited("ann@example.com")
    (done,) = inviting.change("cancel", member_id)
    assert (done["done"], done["status"]) == (True, "cancelled")
    for page in (world.get(f"/invites/{token}"), world.submit(f"/invites/{token}/accept"), _decline(world, token)):
        assert page.status == 404
    inviting.mailbox.send()
    assert inviting.subjects("ann@example.com")[-1] == "Acme Industries has withdrawn its invitation"
    assert world.every(f"/orgs/{inviting.org}/members?group_id={inviting.group}", inviting.admin) == []


def test_a_person_who_got_no_invitation_gets_no_mail_about_its_withdrawal(inviting: Inviting) -> None:
    (result,) = inviting.invite("ann@example.com")
    inviting.change("cancel", result["member_id"])
    inviting.mailbox.send()
    assert inviting.mailbox.to() == []


def test_resending_and_cancelling_answer_for_each_member_why_not(world: World, inviting: Inviting) -> None:
    active = world.member(inviting.org)
    (open_one,) = inviting.invite("ann@example.com")
    results = inviting.change("cancel", active, open_one["member_id"], "unknown")
    assert [(one["done"], one["code"]) for one in results] == [
        (False, "not_open"),
        (True, None),
        (False, "not_there"),
    ]


def test_an_admin_lets_mail_go_to_a_member_again_once_the_address_was_checked(world: World, inviting: Inviting) -> None:
    blocked = world.member(inviting.org, email="ann@example.com", mail_blocked="bounced")
    assert inviting.member(blocked)["mail_blocked"] is True
    path = f"/orgs/{inviting.org}/members/{blocked}"
    assert world.patch(path, inviting.admin, {"mail_blocked": True}).status == 422
    answer = world.patch(path, inviting.admin, {"mail_blocked": False})
    assert (answer.status, answer.json["mail_blocked"]) == (200, False)
    (entry, *_) = world.every(f"/orgs/{inviting.org}/audit", inviting.admin)
    assert (entry["before"], entry["after"]) == ({"mail_blocked": True}, {"mail_blocked": False})


def test_ten_people_who_come_back_are_invited_at_once(world: World, inviting: Inviting) -> None:
    department, location = world.department(inviting.org), world.location(inviting.org)
    emails = [f"person{number}@back.example" for number in range(10)]
    for email in emails:
        world.member(inviting.org, status="archived", email=email, department_id=department, location_id=location)
    assert [one["result"] for one in inviting.invite(*emails)] == ["invited"] * 10
    inviting.mailbox.send()
    assert inviting.mailbox.to() == emails


@pytest.mark.parametrize(
    ("typed", "mailed"),
    [
        ("ann@stra\u00dfe.example", "ann@xn--strae-oqa.example"),
        ("ann@xn--strae-oqa.example", "ann@xn--strae-oqa.example"),
        ("ann@b\u00fccher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_mail_goes_to_the_domain_that_was_typed(world: World, inviting: Inviting, typed: str, mailed: str) -> None:
    (result,) = inviting.invite(typed)
    assert result["result"] == "invited"
    inviting.mailbox.send()
    assert inviting.mailbox.to() == [mailed]
    (other,) = inviting.invite("ann@strasse.example")
    assert other["result"] == "invited"
    assert len(world.every("/me/invites", world.account("ann@strasse.example"))) == 1
    assert len(world.every("/me/invites", world.account(mailed))) == 1


def test_names_of_people_who_have_not_accepted_are_shown_nowhere(world: World, inviting: Inviting) -> None:
    left = world.member(inviting.org, status="archived", email="ann@example.com", first_name="Zebedee", last_name="Q")
    assert inviting.member(left)["first_name"] == "Zebedee"
    inviting.invite("ann@example.com")
    assert inviting.member(left)["first_name"] is None
    assert world.every(f"/orgs/{inviting.org}/members?search=Zeb", inviting.admin) == []
    assert "Zebedee" not in world.get(f"/orgs/{inviting.org}/members", inviting.admin).text


def test_the_audit_trail_says_who_was_invited_without_addresses(world: World, inviting: Inviting) -> None:
    (result,) = inviting.invite("ann@example.com")
    inviting.change("resend", result["member_id"])
    inviting.change("cancel", result["member_id"])
    entries = world.every(f"/orgs/{inviting.org}/audit", inviting.admin)
    assert [entry["action"] for entry in entries] == ["invitation.cancelled", "invitation.resent", "members.invited"]
    assert "ann@example.com" not in str(entries)
    assert world.get(f"/orgs/{inviting.org}/audit/verify", inviting.admin).json["ok"]


def test_an_admin_can_announce_the_invitations_beforehand(world: World, inviting: Inviting) -> None:
    answer = world.get(f"/orgs/{inviting.org}/invites/announcement", inviting.admin)
    assert answer.status == 200
    assert "Acme Industries" in answer.json["text"]
    assert answer.json["guide_url"] == "https://muster.example/dev/guide"
    assert "$" not in answer.json["text"]


def test_an_invitation_reads_the_same_with_and_without_html_and_carries_the_link(inviting: Inviting) -> None:
    token, _ = inviting.invited("ann@example.com")
    (mail,) = inviting.mails("ann@example.com")
    assert mail["Subject"] == "Acme Industries invites you to its training"
    assert mail["Source"] == inviting.mailbox.sender
    for text in (mail["BodyText"], mail["BodyHtml"]):
        assert f"https://muster.example/dev/invites/{token}" in text
        assert "3 February 2027" in text
    assert "<img" not in mail["BodyHtml"]


def _decline(world: World, token: str) -> Answer:
    return world.submit(f"/invites/{token}/decline")


@pytest.mark.parametrize(
    "again", ["ANN@EXAMPLE.COM", " ann@example.com", "\uff41nn@example.com", "ann@e\uff58ample.com"]
)
def test_addresses_that_people_take_for_the_same_are_one_person(inviting: Inviting, again: str) -> None:
    inviting.invite("ann@example.com")
    (result,) = inviting.invite(again)
    assert result["result"] == "already_member", result
