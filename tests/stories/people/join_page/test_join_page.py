"""The public join page: what it shows, and how people come in by it (I7)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining, Reader, token_of


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


# ---------------------------------------------------------------- what is shown


def _switch_off(joining: Joining) -> None:
    joining.set_page(enabled=False)


def _end_subscription(joining: Joining) -> None:
    path = f"/msp/organizations/{joining.org}"
    assert joining.world.patch(path, joining.driver.admin, {"subscription": "none"}).status == 200


def _delete_group(joining: Joining) -> None:
    assert joining.world.delete(f"/orgs/{joining.org}/groups/{joining.group}", joining.admin).status == 204


def _nothing(joining: Joining) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "slug"),
    [
        (_switch_off, SLUG),
        (_end_subscription, SLUG),
        (_delete_group, SLUG),
        (_nothing, "unknown"),
        (_nothing, "x"),
        (_nothing, "ACME"),
        (_nothing, "acme%0a"),
    ],
)
def test_one_and_the_same_404_for_every_reason_on_every_route(
    world: World, joining: Joining, spoil: Any, slug: str
) -> None:
    known = world.get("/join/not-there")
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    spoil(joining)
    answers = [
        world.get(f"/join/{slug}"),
        joining.ask("ann@example.com", slug),
        world.get(f"/join/{slug}/verify?request={request_id}"),
        world.submit(f"/join/{slug}/verify", {"request": request_id, "code": code}),
    ]
    if slug != "acme%0a":
        assert [(one.status, one.text, one.headers) for one in answers] == [(404, known.text, known.headers)] * 4
    assert [one.status for one in answers] == [404] * 4
    assert len(joining.requests()) == 1
    assert world.every(f"/orgs/{joining.org}/members", joining.admin) == []


def test_the_settings_say_why_an_enabled_page_is_not_shown(joining: Joining) -> None:
    _end_subscription(joining)
    _delete_group(joining)
    shown = joining.settings()
    assert (shown["enabled"], shown["shown"]) == (True, False)
    assert [problem["code"] for problem in shown["problems"]] == ["no_subscription", "no_group"]


def test_the_page_is_the_organizations_with_a_label_for_every_field(world: World, joining: Joining) -> None:
    world.group(joining.org, "audit")
    answer = world.get(f"/join/{SLUG}")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Reader(answer.text)
    assert "Join the training of Acme Industries" in page.text
    assert [option["value"] for option in page.all("option")][:1] == [joining.location]
    assert page.text.index("audit") < page.text.index("Finance")
    labels = {label["for"] for label in page.all("label")}
    fields = [one for tag in ("input", "select") for one in page.all(tag) if one.get("type") != "hidden"]
    assert {field["id"] for field in fields} == labels == {"email", "group_id", "location_id"}
    assert all("required" in field for field in fields)
    assert page.all("script") == []


def test_without_locations_nobody_is_asked_for_one(world: World, joining: Joining) -> None:
    world.delete(f"/orgs/{joining.org}/locations/{joining.location}", joining.admin)
    assert "location_id" not in world.get(f"/join/{SLUG}").text
    joining.request_code("ann@example.com", location_id="")


def test_looking_changes_nothing(world: World, joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    joining.code("ann@example.com")
    before = _but_limits(joining)
    for path in (f"/join/{SLUG}", f"/join/{SLUG}/verify?request={request_id}", f"/join/{SLUG}/verify", "/guide"):
        world.get(path)
    assert _but_limits(joining) == before
    assert world.messages() == world.messages("mail") == []


def _but_limits(joining: Joining) -> Any:
    everything = joining.driver.everything()
    everything["outbox"] = [item for item in everything["outbox"] if not item["pk"].startswith("LIMIT#")]
    return everything


# ---------------------------------------------------------------- joining


def test_a_new_person_joins_the_chosen_group_and_gets_its_courses(world: World, joining: Joining) -> None:
    request_id = joining.request_code("Ann.Lee@Example.com")
    page = world.get(f"/join/{SLUG}/verify?request={request_id}")
    assert (page.status, "Ann.Lee@example.com" in page.text) == (200, True)
    assert world.every(f"/orgs/{joining.org}/members", joining.admin) == []
    code = joining.code("Ann.Lee@example.com")
    assert code not in str(joining.driver.everything())

    token = token_of(joining.enter(request_id, code))
    assert token not in str(joining.driver.everything())
    shown = joining.person("ann.lee@example.com")
    assert (shown["status"], shown["email"], shown["first_name"]) == ("pending", "Ann.Lee@example.com", None)
    assert shown["mail"]["state"] == "sent"
    assert shown["invitation"] == {"expires_at": "2027-02-03T10:00:00Z", "expired": False}
    invitation = world.get(f"/invites/{token}")
    assert "Acme Industries invites you" in invitation.text

    assert joining.accept(token, "ann.lee@example.com").status == 200
    joining.driver.work()
    person = joining.person("ann.lee@example.com")
    assert (person["status"], person["first_name"]) == ("active", "Ann")
    assert person["group_ids"] == [joining.group]
    assert joining.driver.enrolled(joining.org, joining.course) == {person["member_id"]}
    by_location = world.every(f"/orgs/{joining.org}/members?location_id={joining.location}", joining.admin)
    assert [one["member_id"] for one in by_location] == [person["member_id"]]


def test_joining_leaves_one_audit_entry_without_the_address(world: World, joining: Joining) -> None:
    joining.join_token("ann@example.com")
    entries = world.every(f"/orgs/{joining.org}/audit", joining.admin)
    member_id = joining.person("ann@example.com")["member_id"]
    assert [entry["action"] for entry in entries] == ["member.joined_by_page", "join_page.changed"]
    assert (entries[0]["actor"], entries[0]["target"]) == ("join-page", f"member/{member_id}")
    assert entries[0]["after"] == {
        "status": "pending", "group_id": joining.group, "location_id": joining.location
    }  # fmt: skip
    assert "ann@example.com" not in str(entries)
    assert world.get(f"/orgs/{joining.org}/audit/verify", joining.admin).json["ok"]


def test_the_mail_is_the_organizations_and_reads_the_same_with_and_without_html(joining: Joining) -> None:
    joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    (mail,) = joining.mails("ann@example.com")
    assert mail["Subject"] == "Your code to join the training of Acme Industries"
    for text in (mail["BodyText"], mail["BodyHtml"]):
        assert code in text
        assert "30 minutes" in text


def test_entering_the_code_twice_makes_one_member_and_leads_to_the_invitation_again(
    world: World, joining: Joining
) -> None:
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    first = token_of(joining.enter(request_id, code))
    for _ in range(6):
        second = token_of(joining.enter(request_id, code))
    # Whichever answer the browser shows to who pressed twice, it works.
    assert first == second
    assert world.get(f"/invites/{second}").status == 200
    assert len(world.every(f"/orgs/{joining.org}/members", joining.admin)) == 1
    actions = [entry["action"] for entry in world.every(f"/orgs/{joining.org}/audit", joining.admin)]
    assert actions.count("member.joined_by_page") == 1


def test_pressing_twice_on_the_page_mails_one_code(world: World, joining: Joining) -> None:
    own_id = str(Reader(world.get(f"/join/{SLUG}").text).named("request")["value"])
    assert joining.request_code("ann@example.com", request=own_id) == own_id
    assert joining.request_code("ann@example.com", request=own_id) == own_id
    joining.mailbox.send()
    assert joining.mailbox.to() == ["ann@example.com"]
    # Who comes back to the form to correct the address gets another code.
    assert joining.request_code("bob@example.com", request=own_id) != own_id
    joining.mailbox.send()
    assert joining.mailbox.to() == ["ann@example.com", "bob@example.com"]


@pytest.mark.parametrize(
    "made_up", ["x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "a" * 26, "ü" * 26]
)
def test_an_id_that_no_form_had_is_not_used(joining: Joining, made_up: str) -> None:
    assert joining.request_code("ann@example.com", request=made_up) != made_up


def test_a_code_is_good_for_30_minutes_from_its_mail(world: World, joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    # Mail may wait its turn behind others.
    world.now += timedelta(hours=3)
    code = joining.code("ann@example.com")
    world.now += timedelta(minutes=29)
    assert world.get(f"/join/{SLUG}/verify?request={request_id}").status == 200
    world.now += timedelta(minutes=1)
    answer = joining.enter(request_id, code)
    assert (answer.status, "Start over" in answer.text) == (409, True)
    assert world.get(f"/join/{SLUG}/verify?request={request_id}").status == 409


def test_a_code_of_an_old_request_is_not_mailed(world: World, joining: Joining) -> None:
    joining.request_code("ann@example.com")
    world.now += timedelta(days=1)
    joining.mailbox.send()
    assert joining.mailbox.to() == []
    assert set(joining.mailbox.states().values()) == {"suppressed"}


def test_five_tries_then_the_request_is_dead_even_for_the_right_code(world: World, joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    wrong = [joining.enter(request_id, guess) for guess in ("", "0", code[:-1], code + "0", "not a code")]
    assert [answer.status for answer in wrong] == [422] * 5
    assert "That code is wrong" in wrong[-1].text
    answer = joining.enter(request_id, code)
    assert (answer.status, "Start over" in answer.text) == (409, True)
    assert world.every(f"/orgs/{joining.org}/members", joining.admin) == []
    # A fresh start is offered, and works.
    joining.rest()
    joining.join_token("ann@example.com")


def test_a_code_is_entered_as_people_copy_it(joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    token_of(joining.enter(request_id, f" {code[:4]} {code[4:]}\t"))


def test_a_request_is_good_at_its_own_organizations_page_only(world: World, joining: Joining) -> None:
    other = world.org(joining.driver.msp, "Other", subscription="active")
    world.group(other)
    body = {"enabled": True, "slug": "other"}
    assert world.put(f"/orgs/{other}/join-page", joining.driver.admin, body).status == 200
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    answer = world.submit("/join/other/verify", {"request": request_id, "code": code})
    assert answer.status == 409
    assert "ann@example.com" not in answer.text + world.get(f"/join/other/verify?request={request_id}").text


# ---------------------------------------------------------------- people who are known


@pytest.mark.parametrize("status", ["prospect", "pending"])
def test_an_open_invitation_is_handed_out_and_keeps_what_the_admin_chose(
    world: World, joining: Joining, status: str
) -> None:
    hall, sales = world.location(joining.org), world.group(joining.org, "Sales")
    member = world.member(
        joining.org, [sales], status=status, email="Ann@example.com", location_id=hall, invite_id=None
    )
    token = joining.join_token("ann@example.com")
    person = joining.person("ann@example.com")
    assert (person["member_id"], person["status"], person["email"]) == (member, "pending", "Ann@example.com")
    assert set(person["group_ids"]) == {sales, joining.group}
    assert world.every(f"/orgs/{joining.org}/members?location_id={hall}", joining.admin)[0]["member_id"] == member
    assert joining.accept(token, "ann@example.com").json["status"] == "active"


def test_an_invitation_whose_mail_is_still_queued_does_not_spoil_the_link(world: World, joining: Joining) -> None:
    at = world.now + timedelta(hours=1)
    joining.invite("ann@example.com", notify=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    joining.driver.work()
    token = joining.join_token("ann@example.com")
    world.now = at
    assert joining.driver.fire() == 1
    joining.mailbox.send()
    assert len(joining.mails("ann@example.com")) == 1
    assert world.get(f"/invites/{token}").status == 200


def test_a_link_in_an_earlier_mail_is_dead_once_another_was_handed_out(world: World, joining: Joining) -> None:
    mailed, _ = joining.invited("ann@example.com")
    token = joining.join_token("ann@example.com")
    assert world.get(f"/invites/{mailed}").status == 404
    assert world.get(f"/invites/{token}").status == 200


@pytest.mark.parametrize("status", ["declined", "cancelled", "archived"])
def test_who_declined_was_withdrawn_or_has_left_is_invited_again(world: World, joining: Joining, status: str) -> None:
    sales = world.group(joining.org, "Sales")
    member = world.member(joining.org, [sales], status=status, email="ann@example.com")
    token = joining.join_token("ann@example.com")
    person = joining.person("ann@example.com")
    assert (person["member_id"], person["status"], person["first_name"]) == (member, "pending", None)
    assert person["group_ids"] == [joining.group]
    assert joining.accept(token, "ann@example.com").json["status"] == "active"


def test_only_the_mailboxs_owner_learns_of_being_a_member_already(world: World, joining: Joining) -> None:
    world.member(joining.org, email="ann@example.com")
    request_id = joining.request_code("ann@example.com")
    before = world.dump("core")
    answer = joining.enter(request_id, joining.code("ann@example.com"))
    assert (answer.status, answer.headers["location"]) == (303, f"/dev/join/{SLUG}/joined")
    assert "You have already joined" in world.get(f"/join/{SLUG}/joined").text
    assert world.dump("core") == before


def test_a_code_does_not_bring_back_who_declined_after_it(world: World, joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    token = token_of(joining.enter(request_id, code))
    assert world.submit(f"/invites/{token}/decline").status == 303
    assert joining.enter(request_id, code).status == 409
    assert joining.person("ann@example.com")["status"] == "declined"


def test_who_bounced_or_complained_gets_no_code_before_an_admin_looked(world: World, joining: Joining) -> None:
    world.member(joining.org, status="pending", email="ann@example.com", mail_blocked="complained")
    joining.request_code("ann@example.com")
    joining.mailbox.send()
    assert joining.mailbox.to() == []


def test_a_complaint_about_the_code_stops_further_mail_to_who_joined(joining: Joining) -> None:
    joining.join_token("complaint@simulator.amazonses.com")
    joining.mailbox.deliver_events()
    person = joining.person("complaint@simulator.amazonses.com")
    assert (person["status"], person["mail"]["state"], person["mail_blocked"]) == ("pending", "complained", True)


@pytest.mark.parametrize("gone", ["group", "location"])
def test_a_choice_that_was_deleted_meanwhile_is_refused_and_makes_no_member(
    world: World, joining: Joining, gone: str
) -> None:
    world.group(joining.org, "Sales")
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    thing = joining.group if gone == "group" else joining.location
    assert world.delete(f"/orgs/{joining.org}/{gone}s/{thing}", joining.admin).status == 204
    before = world.dump("core")
    answer = joining.enter(request_id, code)
    assert (answer.status, "no longer exists" in answer.text, "Start over" in answer.text) == (409, True, True)
    assert world.dump("core") == before
