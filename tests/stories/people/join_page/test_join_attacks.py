"""What people may try at the join page: asking after others, flooding, guessing, forms of their own, injection."""

from datetime import timedelta
from email import message_from_string
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.people.join_page import service
from chalicelib.people.join_page import store as join_store
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining, Reader, calls, token_of


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


# ---------------------------------------------------------------- asking after others


def _shape(joining: Joining, answer: Answer, request_id: str) -> tuple[Any, ...]:
    headers = {name: value.replace(request_id, "...") for name, value in answer.headers.items()}
    return answer.status, answer.text.replace(request_id, "..."), headers


def test_answers_and_calls_are_alike_for_known_and_unknown_addresses(world: World, joining: Joining) -> None:
    world.member(joining.org, email="active@example.com", account_id=world.account("active@example.com"))
    for status in ("prospect", "pending", "declined", "cancelled", "archived"):
        world.member(joining.org, status=status, email=f"{status}@example.com")
    world.member(joining.org, status="pending", email="blocked@example.com", mail_blocked="complained")
    people = ("unknown", "active", "prospect", "pending", "declined", "cancelled", "archived", "blocked")
    seen = []
    for number, name in enumerate(people):
        world.source = f"192.0.2.{number + 1}"
        with calls() as asking:
            answer = joining.ask(f"{name}@example.com")
        request_id = answer.headers["location"].partition("=")[2]
        with calls() as looking:
            page = world.get(f"/join/{SLUG}/verify?request={request_id}")
        with calls() as guessing:
            wrong = joining.enter(request_id, "00000000 ")
        shown = [_shape(joining, one, request_id) for one in (answer, page, wrong)]
        assert [one[0] for one in shown] == [303, 200, 422]
        told = [(status, text.replace(name, "..."), headers) for status, text, headers in shown]
        seen.append((told, list(asking), list(looking), list(guessing)))
    assert all(one == seen[0] for one in seen)
    assert len(seen[0][1]) >= 8


def test_nobody_is_looked_up_before_the_code_is_entered(world: World, joining: Joining) -> None:
    with calls() as made:
        joining.request_code("ann@example.com")
    about = {prefix for call in made for part in call[2:] for prefix in part[1:]}
    assert about == {"JOIN_REQUEST", "MAIL", "QUEUE", "QUEUES"}


def test_neither_the_code_nor_the_source_is_kept(world: World, joining: Joining) -> None:
    joining.request_code("ann@example.com")
    kept = str(joining.driver.everything())
    code = joining.code("ann@example.com")
    for told in (code, world.source):
        assert told not in kept + str(joining.driver.everything())


# ---------------------------------------------------------------- floods


def test_twenty_people_of_one_office_join_in_the_same_minute(world: World, joining: Joining) -> None:
    for number in range(20):
        email = f"person{number}@example.com"
        assert world.get(f"/join/{SLUG}").status == 200
        request_id = joining.request_code(email)
        assert world.get(f"/join/{SLUG}/verify?request={request_id}").status == 200
        assert joining.enter(request_id, "x").status == 422
        token_of(joining.enter(request_id, joining.code(email)))


def test_addresses_of_pages_are_not_found_by_trying_and_a_real_page_stays_open(world: World, joining: Joining) -> None:
    for number in range(30):
        assert world.get(f"/join/guess-{number}").status == 404
    refused = world.get("/join/guess-30")
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    assert "Please wait 1 minute, then try again." in refused.text
    assert world.get(f"/join/{SLUG}").status == 200


def test_a_line_for_the_worst_abuse_stays(world: World, joining: Joining, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REQUESTS", 3)
    for number in range(3):
        world.source = f"2001:db8:0:1::{number + 1:x}"
        assert world.get(f"/join/{SLUG}").status == 200
    world.source = "2001:db8:0:1:ffff::1"
    assert world.get(f"/join/{SLUG}").status == 429
    world.source = "2001:db8:0:2::1"
    assert world.get(f"/join/{SLUG}").status == 200


def test_an_address_gets_five_mails_an_hour_from_one_network_and_its_spellings(world: World, joining: Joining) -> None:
    written = ["ann@example.com", "Ann@Example.com", "ANN@EXAMPLE.COM", " ann@example.com", "ann@e\uff58ample.com"]
    for email in written:
        world.now += timedelta(minutes=2)
        joining.request_code(email)
    answer = joining.ask("ann@example.com")
    assert (answer.status, answer.headers["retry-after"]) == (429, str(52 * 60))
    joining.mailbox.send()
    assert len(joining.mailbox.to()) == 5
    assert joining.ask("bob@example.com").status == 303
    world.now += timedelta(minutes=52)
    assert joining.ask("ann@example.com").status == 303


def test_a_refused_form_keeps_what_was_typed_and_says_the_minutes(world: World, joining: Joining) -> None:
    for _ in range(5):
        joining.request_code("ann@example.com")
    answer = joining.ask("ann@example.com")
    page = Reader(answer.text)
    assert (answer.status, page.named("email")["value"]) == (429, "ann@example.com")
    assert "Please wait 60 minutes, then try again." in page.text
    assert {"value": joining.group, "selected": None} in page.all("option") or "selected" in answer.text


def test_a_stranger_who_asks_for_codes_does_not_lock_the_owner_out(world: World, joining: Joining) -> None:
    for _ in range(6):
        joining.ask("ann@example.com")
    world.source = "198.51.100.7"
    assert joining.ask("ann@example.com").status == 303


def test_a_fresh_link_has_a_count_of_its_own(world: World, joining: Joining) -> None:
    token, _ = joining.invited("Ann@example.com")
    world.now += timedelta(days=31)
    for _ in range(5):
        joining.request_code("ann@example.com")
    assert world.submit(f"/invites/{token}/renew").status == 303


def test_a_form_that_is_wrong_costs_no_mail(joining: Joining) -> None:
    for _ in range(6):
        assert joining.ask("ann@example.com", group_id="unknown").status == 422
    assert joining.ask("ann@example.com").status == 303


def test_guesses_at_one_request_end_after_five(joining: Joining) -> None:
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    guesses = [f"{number:08d}" for number in range(9) if f"{number:08d}" != code]
    assert [joining.enter(request_id, guess).status for guess in guesses][:6] == [422] * 5 + [409]
    (item,) = joining.requests()
    assert item["num_tries"] == 5


def test_guesses_at_one_request_end_however_many_come_at_once(joining: Joining) -> None:
    """All of them have read the request before the first is counted."""
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    request = join_store.request(request_id)
    assert request is not None
    assert [join_store.count_try(request) for _ in range(8)] == [True] * 5 + [False] * 3
    (item,) = joining.requests()
    assert item["num_tries"] == 5
    assert joining.enter(request_id, code).status == 409


# ---------------------------------------------------------------- the form


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"group_id": ""}, ["group_id"]),
        ({"group_id": "{foreign_group}"}, ["group_id"]),
        ({"location_id": ""}, ["location_id"]),
        ({"location_id": "{foreign_location}"}, ["location_id"]),
        ({"email": ""}, ["email"]),
        ({"email": "not an address", "group_id": "x", "location_id": "y"}, ["email", "group_id", "location_id"]),
    ],
)
def test_an_error_is_shown_beside_its_field_and_the_input_stays(
    world: World, joining: Joining, fields: dict[str, str], wrong: list[str]
) -> None:
    stranger = world.org(joining.driver.msp, "Stranger", subscription="active")
    foreign = {"foreign_group": world.group(stranger), "foreign_location": world.location(stranger)}
    world.group(joining.org, "Sales"), world.location(joining.org)
    form = {name: value.format(**foreign) for name, value in fields.items()}
    answer = joining.ask(**{"email": "ann@example.com", **form})
    assert answer.status == 422
    page = Reader(answer.text)
    marked = sorted(field["name"] or "" for _, field in page.tags if field.get("aria-invalid") == "true")
    assert marked == wrong
    for name in wrong:
        assert f"{name}_wrong" in str(page.named(name)["aria-describedby"])
        assert [one for _, one in page.tags if one.get("id") == f"{name}_wrong"]
    assert page.named("email")["value"] == form.get("email", "ann@example.com")
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == [one for one in (joining.location, joining.group) if one not in _left(wrong, joining)]
    assert joining.requests() == []


def _left(wrong: list[str], joining: Joining) -> set[str]:
    by_name = {"group_id": joining.group, "location_id": joining.location}
    return {by_name[name] for name in wrong if name in by_name}


@pytest.mark.parametrize(
    "body", [{"email": "a@example.com", "surprise": "1"}, {"email": "a" * 321}, {"group_id": "g" * 65}]
)
def test_a_form_that_no_page_of_ours_has_is_refused(world: World, body: dict[str, str], joining: Joining) -> None:
    assert world.submit(f"/join/{SLUG}", body).status == 422


# ---------------------------------------------------------------- injection


NASTY = "<script>alert(1)</script> & \"Co\" 'x'"


def test_an_organizations_name_is_text_on_every_page_and_in_the_mail(
    world: World, driver: Driver, joining: Joining
) -> None:
    world.patch(f"/msp/organizations/{joining.org}", driver.admin, {"name": NASTY})
    world.patch(f"/orgs/{joining.org}/groups/{joining.group}", joining.admin, {"name": NASTY + "2"})
    request_id = joining.request_code("ann@example.com")
    code = joining.code("ann@example.com")
    pages = [
        world.get(f"/join/{SLUG}"),
        world.get(f"/join/{SLUG}/verify?request={request_id}"),
        joining.enter(request_id, "wrong"),
        joining.enter("unknown", "wrong"),
        world.get(f"/invites/{token_of(joining.enter(request_id, code))}"),
    ]
    for page in pages:
        read = Reader(page.text)
        assert read.all("script") == []
        assert NASTY in read.text
    (mail,) = joining.mails("ann@example.com")
    assert "<script>" not in mail["BodyHtml"]


@pytest.mark.parametrize("typed", [NASTY, '"><script>alert(1)</script>', "' onfocus=alert(1) autofocus='", "{{ 7*7 }}"])
def test_what_was_typed_comes_back_as_text(joining: Joining, typed: str) -> None:
    answer = joining.ask(typed, group_id=typed[:64], location_id=typed[:64], request=typed[:64])
    assert answer.status == 422
    page = Reader(answer.text)
    assert page.all("script") == []
    assert page.named("email")["value"] == typed
    assert page.named("request")["value"] == typed[:64]
    assert "autofocus" not in page.named("email")


@pytest.mark.parametrize("request_id", ["<b>", "a#b", "..", "x" * 64, "\u00fc", "a\r\nSet-Cookie: x=1"])
def test_a_requests_id_from_an_address_line_is_only_looked_up(world: World, joining: Joining, request_id: str) -> None:
    answer = world.get(f"/join/{SLUG}/verify?request={quote(request_id)}")
    assert (answer.status, "<b>" in answer.text) == (409, False)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["Acme\r\nBcc: eve@example.com", "Acme\nX: y", "Acme\u2028Bcc: eve@example.com"])
def test_a_name_cannot_become_a_header(world: World, joining: Joining, name: str) -> None:
    other = world.org(joining.driver.msp, name, subscription="active")
    form = {"group_id": world.group(other), "location_id": ""}
    path = f"/orgs/{other}/join-page"
    assert world.put(path, joining.driver.admin, {"enabled": True, "slug": "other"}).status == 200
    assert joining.ask("ann@example.com", "other", **form).status == 303
    joining.mailbox.send()
    assert joining.mailbox.to() == ["ann@example.com"]
    (mail,) = joining.mails("ann@example.com")
    assert "\n" not in mail["Subject"].strip()
    assert message_from_string(f"Subject: {mail['Subject']}\n\n")["Bcc"] is None


@pytest.mark.parametrize(
    "email", ["ann@example.com\r\nBcc: eve@example.com", "ann@example.com%0aBcc: x", "ann\r@example.com", "a\0@x.com"]
)
def test_an_address_cannot_become_a_header(joining: Joining, email: str) -> None:
    assert joining.ask(email).status == 422
    joining.mailbox.send()
    assert joining.mailbox.to() == []
