"""An answer is judged by the invitation as it stands when the answer comes, and leaves nothing behind (I6)."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, DeadLink, NotFound, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.accept_decline import Account, accept, decline, of_account
from chalicelib.people.invitations.links import InvitationView
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import invited_at, open_invitation_write
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.tenants.access.models import account_pk
from tests.harness import World

SECRET = "s3cret"


class Answering:
    """An organization that has invited people."""

    def __init__(self, world: World) -> None:
        self.world, self.msp = world, world.msp()
        self.org = world.org(self.msp, "Acme Industries", courses=[])

    def invites(self, email: str, *, status: str = "pending", **fields: Any) -> str:
        """The member, who has the link with `SECRET`."""
        expires_at = to_text(self.world.now + timedelta(days=30))
        said = {
            "invite_id": new_id(self.world.now),
            "invite_hash": tokens.hash_of(SECRET),
            "invite_expires_at": expires_at,
            **fields,
        }
        member_id = self.world.member(self.org, status=status, email=email, **said)
        store.commit([open_invitation_write(self.msp, self.org, member_id, email)])
        return member_id

    def seen(self, member_id: str, account: Account, *, by_link: bool = False) -> InvitationView:
        token = tokens.Token(self.org, member_id, SECRET).text if by_link else None
        return of_account(self.org, member_id, account, token, self.world.now)

    def member(self, member_id: str) -> Member:
        found = members_store.member(self.org, member_id)
        assert found is not None
        return found

    def changes(self, member_id: str, **fields: Any) -> None:
        """As another request does meanwhile."""
        before = self.member(member_id)
        after = members_store.copy_with(before, **fields)
        store.commit(members_store.change_writes(self.org, before, after, self.world.now))

    def found_at(self, email: str) -> list[str]:
        return [one.member_id for one in invited_at(email, 9, None).items]

    def refusal(self, view: InvitationView, account: Account) -> str:
        before = self.world.dump("core")
        with pytest.raises(Conflict) as refused:
            accept(view, account, self.world.now)
        assert self.world.dump("core") == before
        return refused.value.code


@pytest.fixture
def answering(world: World) -> Answering:
    return Answering(world)


ANN = Account("m-ann", "ann@example.com")


# ------------------------------------------------------------ whose it is


def test_the_link_of_one_invitation_opens_no_other(answering: Answering) -> None:
    mine, other = answering.invites("ann@example.com"), answering.invites("bob@example.com")
    link = tokens.Token(answering.org, mine, SECRET).text
    elsewhere = Answering(answering.world)
    now = answering.world.now
    assert of_account(answering.org, mine, ANN, link, now).member.member_id == mine
    for org, member_id in ((answering.org, other), (elsewhere.org, mine), (elsewhere.org, other)):
        with pytest.raises(NotFound):
            of_account(org, member_id, ANN, link, now)


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


# ------------------------------------------------------------ what happens meanwhile


def test_an_address_that_was_taken_meanwhile_is_told_and_a_withdrawal_before_it(answering: Answering) -> None:
    moving, gone = answering.invites("old@example.com"), answering.invites("older@example.com")
    views = [answering.seen(member_id, ANN, by_link=True) for member_id in (moving, gone)]
    answering.world.member(answering.org, email=ANN.email)
    answering.changes(gone, status="cancelled")
    assert [answering.refusal(view, ANN) for view in views] == ["address_taken", "not_open"]


def test_a_change_meanwhile_is_kept(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com", last_name="Lee")
    view = answering.seen(member_id, ANN)
    answering.changes(member_id, last_name="Leigh", location_id="l")
    accept(view, ANN, answering.world.now, "Anne")
    member = answering.member(member_id)
    assert (member.status, member.first_name, member.last_name) == ("active", "Anne", "Leigh")
    assert member.location_id == "l"


def test_a_member_that_was_taken_away_meanwhile_has_a_dead_link(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com")
    view = answering.seen(member_id, ANN)
    member = answering.member(member_id)
    answering.world.client("dynamodb").delete_item(
        TableName=answering.world.stage.table_names["core"], Key={"pk": {"S": member.pk}, "sk": {"S": member.sk}}
    )
    with pytest.raises(DeadLink):
        accept(view, ANN, answering.world.now)
    with pytest.raises(DeadLink):
        decline(view, answering.world.now)
    assert [item for item in answering.world.dump("core") if item["pk"] == members_pk(answering.org)] == []


def test_who_meets_a_change_each_time_may_try_again(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    member_id = answering.invites("ann@example.com")
    view = answering.seen(member_id, ANN)
    commit, tries = store.commit, []

    def changed_first(writes: Any) -> None:
        tries.append(len(tries))
        raise ConditionFailed([0])

    monkeypatch.setattr(store, "commit", changed_first)
    for answer in (lambda: accept(view, ANN, answering.world.now), lambda: decline(view, answering.world.now)):
        with pytest.raises(Unavailable):
            answer()
    assert len(tries) > 2
    monkeypatch.setattr(store, "commit", commit)
    assert answering.member(member_id).status == "pending"
    assert accept(view, ANN, answering.world.now).status == "active"


# ------------------------------------------------------------ declining


def test_declining_again_changes_nothing_and_the_address_finds_nothing(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com")
    view = answering.seen(member_id, ANN)
    assert answering.found_at("ann@example.com") == [member_id]
    first = decline(view, answering.world.now)
    assert (first.member_id, first.status) == (member_id, "declined")
    assert answering.found_at("ann@example.com") == []
    assert answering.member(member_id).invite_expires_at is None
    before = answering.world.dump("core")
    for again in (view, answering.seen(member_id, ANN)):
        assert decline(again, answering.world.now) == first
    assert answering.world.dump("core") == before


@pytest.mark.parametrize("status", ["active", "cancelled", "archived"])
def test_what_is_not_open_cannot_be_declined(answering: Answering, status: str) -> None:
    member_id = answering.invites("ann@example.com", status=status)
    before = answering.world.dump("core")
    with pytest.raises(Conflict) as refused:
        decline(answering.seen(member_id, ANN), answering.world.now)
    assert (refused.value.code, answering.world.dump("core")) == ("not_open", before)
