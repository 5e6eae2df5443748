"""Answers to an invitation that changes at the same moment, and declining (I6)."""

from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed, Conflict, DeadLink, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.notifications import outbox
from chalicelib.people.invitations import store
from chalicelib.people.invitations.accept_decline import Account, accept, decline
from chalicelib.people.invitations.states import InvitationMail
from chalicelib.people.members.models import members_pk
from chalicelib.tenants.access.models import org_pk
from tests.harness import World
from tests.stories.answering import ANN, Answering


@pytest.fixture
def answering(world: World) -> Answering:
    return Answering(world)


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
    assert len(answering.world.messages()) == 1
    member = answering.member(member_id)
    assert (member.status, member.first_name, member.last_name) == ("active", "Anne", "Leigh")
    assert member.location_id == "l"


def test_an_invitation_that_came_to_this_address_meanwhile_is_not_told_as_moved(answering: Answering) -> None:
    member_id, other = answering.invites("old@example.com"), answering.invites("bob@example.com")
    views = [answering.seen(one, ANN, by_link=True) for one in (member_id, other)]
    answering.changes(member_id, email="Ann@example.com")
    accept(views[0], ANN, answering.world.now)
    assert answering.moves() == []
    assert answering.member(member_id).email == "Ann@example.com"
    # And the other way round.
    bob = Account("bob", "bob@example.com")
    answering.changes(other, email="bobby@example.com")
    accept(views[1], bob, answering.world.now)
    assert answering.moves() == [f"member/{other}"]


def test_a_mail_that_is_there_already_is_not_mistaken_for_a_taken_address(answering: Answering) -> None:
    member_id = answering.invites("ann@example.com")
    mail_id = derived_id(str(answering.member(member_id).invite_id), InvitationMail.WELCOME)
    store.commit(outbox.writes(mail_id, InvitationMail.WELCOME, org_pk(answering.org), {}, answering.world.now))
    with pytest.raises(Unavailable):
        accept(answering.seen(member_id, ANN), ANN, answering.world.now)
    assert answering.member(member_id).status == "pending"


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
    commit, tries = store.commit, list[int]()

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
