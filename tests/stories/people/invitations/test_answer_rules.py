"""An answer is of whoever was invited, is judged by the invitation as it stands, and leaves nothing behind (I6)."""

import contextlib
from typing import Any

import pytest

from chalicelib.core.clock import to_text
from chalicelib.core.errors import NotFound
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.accept_decline import Account, accept, decline, of_account
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.access.models import account_pk
from tests.harness import World
from tests.stories.answering import ANN, SECRET, Answering


@pytest.fixture
def answering(world: World) -> Answering:
    return Answering(world)


# ------------------------------------------------------------ whose it is


def test_the_link_of_one_invitation_opens_no_other(answering: Answering) -> None:
    elsewhere = Answering(answering.world)
    ids = [
        (place.org, place.invites(email))
        for place in (answering, elsewhere)
        for email in ("ann@example.com", "bob@example.com")
    ]
    opened = {}
    for one in ids:
        for other in ids:
            link = tokens.Token(*one, SECRET).text
            with contextlib.suppress(NotFound):
                opened[one, other] = of_account(*other, ANN, link, answering.world.now).member.member_id
    assert opened == {(one, one): one[1] for one in ids}


def test_a_member_that_is_not_there_is_not_found(answering: Answering) -> None:
    with pytest.raises(NotFound):
        answering.seen("nobody", ANN)


@pytest.mark.parametrize(
    ("fields", "is_mine"),
    [
        ({"email": "ann@example.com"}, True),
        ({"email": "Ann@Example.com"}, True),
        ({"email": "bob@example.com"}, False),
        ({"email": None}, False),
        # Invited, by whatever account the person was a member before.
        ({"email": "ann@example.com", "account_id": "z"}, True),
        # Not invited: only who the member is.
        ({"email": "ann@example.com", "invite_id": None}, False),
        ({"email": "ann@example.com", "invite_id": None, "account_id": "m-ann"}, True),
        ({"email": "ann@example.com", "invite_id": None, "account_id": "a"}, False),
        ({"email": "ann@example.com", "invite_id": None, "account_id": "z"}, False),
        ({"email": "bob@example.com", "invite_id": None, "account_id": "m-ann"}, False),
    ],
)
def test_an_invitation_is_that_of_its_address(answering: Answering, fields: dict[str, Any], is_mine: bool) -> None:
    member_id = answering.world.member(answering.org, **{"status": "pending", "invite_id": "i", **fields})
    if is_mine:
        assert answering.seen(member_id, ANN).member.member_id == member_id
        return
    with pytest.raises(NotFound):
        answering.seen(member_id, ANN)


# ------------------------------------------------------------ accepting


def test_nobody_comes_into_an_organization_that_was_closed(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com")
    view = answering.seen(member_id, ANN)
    view.org.closed_at = to_text(answering.world.now)
    assert answering.refusal(view, ANN) == "client_closed"
    assert decline(view, answering.world.now).status == "declined"


@pytest.mark.parametrize("other", ["a-other", "z-other", None])
def test_what_another_account_accepted_is_not_open(answering: Answering, other: str | None) -> None:
    """Whether the other's id comes before this one's or behind it in the alphabet."""
    member_id = answering.invites("ann@example.com", status="active", account_id=other)
    view = answering.seen(member_id, ANN)
    assert answering.refusal(view, ANN) == "not_open"


def test_who_comes_back_is_a_member_again_under_the_name_of_then(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com", account_id=ANN.account_id, first_name="Ann", last_name="Lee")
    answered = accept(answering.seen(member_id, ANN), ANN, answering.world.now)
    assert (answered.org_id, answered.member_id) == (answering.org, member_id)
    assert (answered.organization, answered.status) == ("Acme Industries", "active")
    member = answering.member(member_id)
    assert (member.status, member.first_name, member.last_name) == ("active", "Ann", "Lee")
    assert member.invite_expires_at is None


@pytest.mark.parametrize(
    ("first_name", "last_name", "after"),
    [("Anne", "", ("Anne", "Lee")), ("", "Leigh", ("Ann", "Leigh")), ("Anne", "Leigh", ("Anne", "Leigh"))],
)
def test_a_name_that_is_given_replaces_the_one_before(
    answering: Answering, first_name: str, last_name: str, after: tuple[str, str]
) -> None:
    member_id = answering.invites("ann@example.com", first_name="Ann", last_name="Lee")
    accept(answering.seen(member_id, ANN), ANN, answering.world.now, first_name, last_name)
    member = answering.member(member_id)
    assert (member.first_name, member.last_name) == after


def test_the_courses_follow_even_when_the_message_is_lost(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com")
    accept(answering.seen(member_id, ANN), ANN, answering.world.now)
    (due,) = [item for item in answering.world.dump("outbox") if item["pk"].startswith("DUE#")]
    assert member_id in str(due)
    (message,) = answering.world.messages()
    assert (message["job"], message["member_id"]) == ("join", member_id)


def test_a_plan_that_was_reviewed_before_somebody_joined_is_told_so(answering: Answering) -> None:
    member_id, declining = answering.invites("ann@example.com"), answering.invites("bob@example.com")
    before = answering.num_changes_of_people()
    decline(answering.seen(declining, ANN, by_link=True), answering.world.now)
    assert answering.num_changes_of_people() == before
    accept(answering.seen(member_id, ANN), ANN, answering.world.now)
    assert answering.num_changes_of_people() == before + 1


def test_accepting_again_changes_nothing(answering: Answering) -> None:
    member_id = answering.invites("old@example.com")
    view = answering.seen(member_id, ANN, by_link=True)
    first = accept(view, ANN, answering.world.now)
    before = [answering.world.dump(short) for short in ("core", "outbox")]
    # By who looked at the invitation before it was accepted, and by who looks at it now.
    for again in (view, answering.seen(member_id, ANN, by_link=True), answering.seen(member_id, ANN)):
        assert accept(again, ANN, answering.world.now) == first
    assert [answering.world.dump(short) for short in ("core", "outbox")] == before


def test_an_invitation_that_moves_leaves_nothing_at_the_old_address(answering: Answering) -> None:
    moving, staying = answering.invites("old@example.com"), answering.invites("bob@example.com")
    bob = Account("bob", "Bob@example.com")
    accept(answering.seen(moving, ANN, by_link=True), ANN, answering.world.now)
    accept(answering.seen(staying, bob, by_link=True), bob, answering.world.now)
    assert (answering.found_at("old@example.com"), answering.found_at("bob@example.com")) == ([], [staying])
    assert "old@example.com" not in str([answering.world.dump(short) for short in ("enrollments", "outbox")])
    # The history of a member keeps what was there before, for a while.
    kept = [item for item in answering.world.dump("core") if "old@example.com" in str(item)]
    assert all("HISTORY" in item["pk"] + item["sk"] for item in kept), kept


# ------------------------------------------------------------ an account is one member


@pytest.mark.parametrize(
    ("status", "code"), [("active", "already_member"), ("archived", None), ("cancelled", None), ("pending", None)]
)
def test_who_was_a_member_under_another_address_may_join_once_that_is_over(
    answering: Answering, status: str, code: str | None
) -> None:
    world, org = answering.world, answering.org
    other = world.member(org, status=status, email="first@example.com", account_id=ANN.account_id)
    store.commit(members_store.membership_writes(answering.msp, org, answering.member(other)))
    member_id = answering.invites("ann@example.com")
    view = answering.seen(member_id, ANN)
    if code is not None:
        assert answering.refusal(view, ANN) == code
        return
    assert accept(view, ANN, world.now).status == "active"


def test_who_is_an_admin_here_and_a_member_elsewhere_may_join(answering: Answering) -> None:
    world = answering.world
    elsewhere, me = Answering(world), Account(world.account("ann@example.com"), "ann@example.com")
    there = world.member(elsewhere.org, email=me.email, account_id=me.account_id)
    for org in (answering.org, elsewhere.org):
        world.org_admin(org, me.account_id)
    member_id = answering.invites(me.email)
    assert accept(answering.seen(member_id, me), me, world.now).status == "active"
    entries = [item for item in world.dump("core") if item["pk"] == account_pk(me.account_id)]
    assert {item["member_id"] for item in entries if item.get("member_id")} == {there, member_id}


def test_who_was_a_member_that_is_gone_may_join(answering: Answering) -> None:
    gone = Member(members_pk(answering.org), member_sk("gone"), member_id="gone", account_id=ANN.account_id)
    store.commit(members_store.membership_writes(answering.msp, answering.org, gone))
    member_id = answering.invites("ann@example.com")
    assert accept(answering.seen(member_id, ANN), ANN, answering.world.now).status == "active"
