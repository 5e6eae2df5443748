"""Join pages and requests to join, write by write: whose an address is, and what a code is good for."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.notifications import outbox
from chalicelib.notifications.models import MAIL_SK, Mail, mail_pk
from chalicelib.people.invitations.models import JOIN_PAGE_SK, JoinPage
from chalicelib.people.invitations.store import join_page
from chalicelib.people.join_page import store
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.tenants.access.models import org_pk
from tests.harness import World


def _page(org_id: str = "o", revision: int = 0, **values: Any) -> JoinPage:
    return JoinPage(org_pk(org_id), JOIN_PAGE_SK, **{"enabled": True, "revision": revision, **values})


def _failed(writes: Sequence[Write]) -> tuple[int, ...]:
    """The indexes of the writes that must not be."""
    try:
        store.commit(writes)
    except ConditionFailed as refused:
        return refused.failed
    return ()


def _set(slug: str | None, org_id: str = "o") -> tuple[int, ...]:
    """By who has read the page as it is."""
    return _failed(store.change_writes("m", org_id, join_page(org_id), _page(org_id, slug=slug)))


def _owner(slug: str) -> tuple[str, str] | None:
    owner = store.owner_of(slug)
    return None if owner is None else (owner.msp_id, owner.org_id)


def _asks(world: World, request_id: str = "r", location_id: str | None = None) -> JoinRequest:
    write = store.request_write("m", "o", request_id, "ann@example.com", "g", location_id, world.now)
    store.put_request(write, [])
    return _stored(request_id)


def _stored(request_id: str = "r") -> JoinRequest:
    found = store.request(request_id)
    assert found is not None
    return found


def _coded(world: World) -> JoinRequest:
    assert store.set_code(_asks(world), "m", world.now)
    return _stored()


# ------------------------------------------------------------ pages and their addresses


def test_an_address_is_of_one_organization_and_free_once_it_is_given_up(world: World) -> None:
    assert _set("acme") == ()
    assert _owner("acme") == ("m", "o")
    assert _set("acme", "p") == (1,)
    assert (_owner("acme"), join_page("p").revision) == (("m", "o"), 0)
    # The same again, and another one.
    assert (_set("acme"), _set("acme-2")) == ((), ())
    assert (_owner("acme"), _owner("acme-2"), join_page("o").revision) == (None, ("m", "o"), 3)
    assert _set("acme", "p") == ()
    assert _owner("acme") == ("m", "p")
    assert _set(None) == ()
    assert (_owner("acme-2"), join_page("o").slug, join_page("o").revision) == (None, None, 4)
    assert _set(None) == ()
    assert join_page("o").revision == 5


@pytest.mark.parametrize("read", [0, 1, 3])
def test_a_page_that_was_changed_meanwhile_stays(world: World, read: int) -> None:
    _set("first")
    _set("second")
    assert _failed(store.change_writes("m", "o", _page(revision=read, slug="second"), _page(slug="second"))) == (0,)
    assert join_page("o").revision == 2


@pytest.mark.parametrize("other", ["a", "p"])
def test_an_address_that_is_anothers_by_now_is_not_taken_from_them(world: World, other: str) -> None:
    """Whether the other's id comes before this one's or behind it in the alphabet."""
    _set("acme")
    read = join_page("o")
    _set(None)
    _set("acme", other)
    # As if the page were as it was read, and its address not.
    store.commit([Write("put", read)])
    assert _failed(store.change_writes("m", "o", read, _page(slug="other"))) == (2,)
    assert (_owner("acme"), _owner("other")) == (("m", other), None)


def test_an_address_leads_to_its_organization_and_its_page(world: World) -> None:
    msp_id = world.msp()
    org_id = world.org(msp_id, "Acme", courses=[])
    store.commit(store.change_writes(msp_id, org_id, join_page(org_id), _page(org_id, slug="acme")))
    owner = store.owner_of("acme")
    assert owner is not None
    org, page = store.org_and_page(owner)
    assert (org and org.name, page and page.slug, store.owner_of("none")) == ("Acme", "acme", None)
    owner.org_id = "gone"
    assert store.org_and_page(owner) == (None, None)


# ------------------------------------------------------------ what people choose


def test_a_choice_is_of_groups_and_locations_that_are_there(world: World) -> None:
    org_id = world.org(world.msp(), courses=[])
    with world.asked("Query") as asked:
        assert not store.has_group(org_id)
    # One that was made a moment ago is seen.
    assert [query["ConsistentRead"] for query in asked] == [True]
    group, location = world.group(org_id), world.location(org_id)
    assert store.has_group(org_id)
    for chosen, there in (
        ((group, None), True), ((group, location), True), ((group, "none"), False), (("none", location), False),
        (("none", None), False), ((location, group), False),
    ):  # fmt: skip
        assert store.choice_exists(org_id, *chosen) is there, chosen
        assert (_failed(store.choice_checks(org_id, *chosen)) == ()) is there, chosen
    elsewhere = world.org(world.msp(), courses=[])
    assert not store.choice_exists(elsewhere, group, None)


# ------------------------------------------------------------ requests


def test_a_request_is_kept_for_a_day_and_replaces_none(world: World) -> None:
    assert store.request("r") is None
    made = _asks(world, location_id="l")
    said = (made.request_id, made.msp_id, made.org_id, made.email, made.group_id, made.location_id)
    assert said == ("r", "m", "o", "ann@example.com", "g", "l")
    assert (made.created_at, made.joined_at, made.code_hash) == (to_text(world.now), None, None)
    assert made.ttl == int((world.now + timedelta(days=1)).timestamp())
    with pytest.raises(ConditionFailed):
        _asks(world)
    assert _stored().link_seed == made.link_seed != _asks(world, "s").link_seed


def test_a_request_and_its_mail_are_kept_both_or_neither(world: World) -> None:
    mail = outbox.writes("mail", "code", "ORG#o", {}, world.now)
    store.put_request(store.request_write("m", "o", "r", "ann@example.com", "g", None, world.now), mail)
    with pytest.raises(ConditionFailed):
        store.put_request(store.request_write("m", "o", "s", "ann@example.com", "g", None, world.now), mail)
    assert (store.request("s"), len([one for one in world.dump("outbox") if one["pk"] == "MAIL#mail"])) == (None, 1)


def test_a_code_is_for_a_request_that_is_there_and_open(world: World) -> None:
    request = _asks(world)
    assert store.set_code(request, "first", world.now)
    assert store.set_code(request, "second", world.now)
    assert _stored().code_hash == "second"
    store.commit([store.joined_write(_stored(), world.now)])
    assert not store.set_code(request, "third", world.now)
    assert _stored().code_hash == "second"
    table.transact([Write("delete", JoinRequest(*request.key))])
    assert (store.set_code(request, "fourth", world.now), store.count_try(request)) == (False, False)
    assert store.request("r") is None


def test_tries_are_counted_up_to_five_and_no_longer_count_once_the_code_was_entered(world: World) -> None:
    request = _coded(world)
    assert [store.count_try(request) for _ in range(6)] == [True] * 5 + [False]
    assert _stored().num_tries == 5
    later = world.now + timedelta(minutes=1)
    store.commit([store.joined_write(request, later)])
    assert (_stored().joined_at, _stored().num_tries) == (to_text(later), 0)
    # Entered again, in case the answer was lost.
    assert store.count_try(request)


@pytest.mark.parametrize("by_now", ["a", "z", None])
def test_who_entered_a_code_that_was_replaced_has_not_joined(world: World, by_now: str | None) -> None:
    """By one that comes before or behind it in the alphabet."""
    request = _coded(world)
    change = JoinRequest.code_hash.remove() if by_now is None else JoinRequest.code_hash.set(by_now)
    table.transact([Write("update", JoinRequest(*request.key), None, (change,))])
    assert _failed([store.joined_write(request, world.now)]) == (0,)
    assert _stored().joined_at is None


@pytest.mark.parametrize(
    "write",
    [lambda request, now: store.joined_write(request, now), lambda request, _: store.mail_write(request, "x", "1")],
)
def test_nothing_is_written_to_what_is_gone(world: World, write: Callable[[JoinRequest, Any], Write]) -> None:
    request = _coded(world)
    table.transact([Write("delete", JoinRequest(*request.key))])
    assert _failed([write(request, world.now)]) == (0,)


def test_a_mail_about_a_request_becomes_one_about_the_member(world: World) -> None:
    request = _asks(world)
    store.commit(outbox.writes("x", "code", "ORG#o", {"request_id": "r"}, world.now))
    store.commit([store.mail_write(request, "x", "1")])
    mail = table.get(Mail, mail_pk("x"), MAIL_SK)
    assert mail is not None
    assert mail.about == {"msp_id": "m", "org_id": "o", "request_id": "r", "member_id": "1"}
