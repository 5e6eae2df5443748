"""Guessing and flooding: how often anybody may try, and that no answer tells which accounts there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from chalicelib.core.errors import TooMany
from chalicelib.people.accounts import tries
from chalicelib.web import rate_limits
from tests.gateway import Answer
from tests.harness import World
from tests.stories.inbox import code_for, mails_to

PASSWORD = "Correct-horse-7"
REGISTRATION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

# Each with something in place of {} that names whom it is about.
TRIES: dict[str, dict[str, str]] = {
    "/auth/confirm": {"registration_id": "{}", "code": "000000"},
    "/auth/login": {"login": "{}", "password": PASSWORD},
    "/auth/reset": {"email": "{}@example.com", "code": "000000", "new_password": PASSWORD},
}
MAILS: dict[str, dict[str, str]] = {
    "/auth/register": {"email": "{}@example.com", "password": PASSWORD},
    "/auth/resend": {"registration_id": "{}"},
    "/auth/forgot": {"email": "{}@example.com"},
}


def _try(world: World, path: str, body: dict[str, str], whom: str) -> Answer:
    return world.post(path, body={name: value.format(whom) for name, value in body.items()})


@pytest.mark.parametrize("path", TRIES)
def test_the_sixth_try_in_a_minute_waits_and_others_do_not(world: World, path: str) -> None:
    tried = [_try(world, path, TRIES[path], "ann").status for _ in range(5)]
    assert 429 not in tried
    world.now += timedelta(seconds=20)
    answer = _try(world, path, TRIES[path], "ann")
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (429, "too_many", "40")
    assert _try(world, path, TRIES[path], "bob").status == tried[0]
    world.now += timedelta(seconds=40)
    assert _try(world, path, TRIES[path], "ann").status == tried[0]


def test_an_address_is_the_same_however_it_is_written_and_whatever_is_tried(world: World) -> None:
    for login in ("ann@example.com", "ANN@example.com", " ann@EXAMPLE.com"):
        assert world.post("/auth/login", body={"login": login, "password": PASSWORD}).status == 401
    for code in ("000000", "111111"):
        assert _try(world, "/auth/reset", {**TRIES["/auth/reset"], "code": code}, "ann").status == 422
    assert _try(world, "/auth/reset", TRIES["/auth/reset"], "Ann").status == 429


def test_a_login_with_a_session_counts_as_well(world: World) -> None:
    body = {"login": "ann", "session": "x", "new_password": PASSWORD}
    assert [world.post("/auth/login", body=body).status for _ in range(6)] == [401] * 5 + [429]


def test_twenty_people_of_one_office_log_in_at_once_and_some_mistype(world: World) -> None:
    for number in range(20):
        for path in ("/auth/login", "/auth/confirm", "/auth/reset"):
            assert _try(world, path, TRIES[path], f"person{number}").status in (401, 422)


def test_ten_registrations_in_a_minute_from_one_office_go_through(world: World) -> None:
    answers = [_try(world, "/auth/register", MAILS["/auth/register"], f"person{number}") for number in range(25)]
    assert {answer.status for answer in answers} == {202}


@pytest.mark.parametrize("path", [*TRIES, "/auth/refresh"])
def test_a_line_for_the_worst_abuse_stays(world: World, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(tries, "FAILURES_PER_NETWORK", 8)
    for number in range(8):
        world.source = f"2001:db8:0:1::{number + 1:x}"
        assert _try(world, "/auth/login", TRIES["/auth/login"], f"person{number}").status == 401
    world.source = "2001:db8:0:1:ffff::1"
    body = TRIES.get(path, {"refresh_token": "{}"})
    refused = _try(world, path, body, "ann")
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    assert refused.json["detail"] == "Too many tries. Please wait 1 minute, then try again."
    world.source = "2001:db8:0:2::1"
    assert _try(world, path, body, "ann").status != 429


def test_what_succeeds_is_not_counted(world: World, people: dict[str, str]) -> None:
    body = {"login": people["known"], "password": PASSWORD}
    assert {world.post("/auth/login", body=body).status for _ in range(12)} == {200}


def test_a_stranger_who_knows_an_address_does_not_lock_its_owner_out(world: World, people: dict[str, str]) -> None:
    world.source = "198.51.100.7"
    for _ in range(6):
        _try(world, "/auth/login", TRIES["/auth/login"], "known@example.com")
        world.post("/auth/forgot", body={"email": people["known"]})
    assert world.post("/auth/forgot", body={"email": people["known"]}).status == 429
    world.source = "192.0.2.1"
    assert world.post("/auth/login", body={"login": people["known"], "password": PASSWORD}).status == 200
    assert world.post("/auth/forgot", body={"email": people["known"]}).status == 202


def test_the_counter_makes_up_its_mind_with_two_writes_however_many_come_at_once(world: World) -> None:
    """Each use is one conditional write, so there is nothing to try again, and nothing to give up."""
    limit, now = 20, datetime(2027, 1, 4, 10, tzinfo=UTC)
    for _ in range(limit):
        with _calls() as made:
            rate_limits.take("test", "office", limit, timedelta(minutes=1), now)
        assert made in (["dynamodb.UpdateItem"], ["dynamodb.UpdateItem"] * 2)
    with pytest.raises(TooMany):
        rate_limits.take("test", "office", limit, timedelta(minutes=1), now)


@pytest.mark.parametrize("path", MAILS)
def test_an_address_gets_five_mails_an_hour_from_one_network(world: World, path: str) -> None:
    for _ in range(5):
        world.now += timedelta(minutes=2)
        assert _try(world, path, MAILS[path], "ann").status == 202
    world.now += timedelta(minutes=2)
    answer = _try(world, path, MAILS[path], "ann")
    assert (answer.status, answer.headers["retry-after"]) == (429, str(50 * 60))


@pytest.mark.parametrize("path", ["/auth/register", "/auth/forgot"])
def test_a_mailbox_gets_twenty_mails_an_hour_from_all_networks(world: World, path: str) -> None:
    for number in range(20):
        world.source = f"192.0.2.{number + 1}"
        assert _try(world, path, MAILS[path], "ann").status == 202
    world.source = "192.0.2.100"
    assert _try(world, path, MAILS[path], "ann").status == 429


def test_refused_tries_reach_nobody(world: World) -> None:
    for _ in range(5):
        _try(world, "/auth/login", TRIES["/auth/login"], "ann")
    with _calls() as made:
        assert _try(world, "/auth/login", TRIES["/auth/login"], "ann").status == 429
    assert not [call for call in made if "cognito" in call]


def test_neither_addresses_nor_sources_are_kept(world: World) -> None:
    _try(world, "/auth/login", {"login": "{}@example.com", "password": PASSWORD}, "ann")
    kept = str(world.dump("outbox")) + str(world.dump("core"))
    assert "LIMIT#" in kept
    for told in ("ann", world.source, PASSWORD):
        assert told not in kept


# Known, unconfirmed, unknown


@pytest.fixture
def people(world: World) -> dict[str, str]:
    """An address of each kind."""
    for name in ("known", "unconfirmed"):
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        registration = world.post("/auth/register", body=body).json["registration_id"]
        if name == "known":
            code = code_for(world, "known@example.com")
            assert world.post("/auth/confirm", body={"registration_id": registration, "code": code}).status == 204
    world.now += timedelta(hours=2)
    return {name: f"{name}@example.com" for name in ("known", "unconfirmed", "unknown")}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/register", {"email": "{}", "password": PASSWORD}),
        ("/auth/register", {"email": "{}", "password": "weak"}),
        ("/auth/login", {"login": "{}", "password": "Wrong-horse-9"}),
        ("/auth/forgot", {"email": "{}"}),
        ("/auth/reset", {"email": "{}", "code": "000000", "new_password": "Wrong-horse-9"}),
        ("/auth/reset", {"email": "{}", "code": "000000", "new_password": "weak"}),
    ],
)
def test_answers_and_calls_are_alike_for_known_unconfirmed_and_unknown_addresses(
    world: World, people: dict[str, str], path: str, body: dict[str, str]
) -> None:
    # The first of a network begins its count, with a call less.
    _try(world, path, body, "somebody@example.com")
    seen = []
    for address in people.values():
        with _calls() as made:
            answer = _try(world, path, body, address)
        shape = {k: "..." if k == "registration_id" else v for k, v in answer.json.items()} if answer.json else None
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        seen.append((answer.status, shape, headers, list(made)))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][3]) >= (0 if "weak" in body.values() else 3)


def test_only_the_mailbox_of_an_account_gets_a_code(world: World, people: dict[str, str]) -> None:
    before = {address: len(mails_to(world.cloud, address)) for address in people.values()}
    for address in people.values():
        assert world.post("/auth/forgot", body={"email": address}).status == 202
    got = {name: len(mails_to(world.cloud, address)) - before[address] for name, address in people.items()}
    assert got == {"known": 1, "unconfirmed": 0, "unknown": 0}


@pytest.mark.parametrize("path", ["/auth/confirm", "/auth/resend"])
def test_unknown_registrations_are_answered_like_known_ones(world: World, people: dict[str, str], path: str) -> None:
    made_up = {"registration_id": REGISTRATION, "code": "000000"}
    own = {**made_up, "registration_id": world.post("/auth/register", body={
        "email": people["known"], "password": PASSWORD}).json["registration_id"]}  # fmt: skip
    seen = []
    for body in (made_up, own):
        world.post("/auth/confirm", body={**made_up, "registration_id": "somebody"})
        sent = body if path == "/auth/confirm" else {"registration_id": body["registration_id"]}
        with _calls() as calls:
            answer = world.post(path, body=sent)
        seen.append((answer.status, answer.json, list(calls)))
    assert seen[0] == seen[1]


@contextmanager
def _calls() -> Iterator[list[str]]:
    """The application's AWS calls, in order."""
    made: list[str] = []
    call = BaseClient._make_api_call

    def noted(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        made.append(f"{self.meta.service_model.service_name}.{operation}")
        return call(self, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", noted):
        yield made
