"""Roster entries of before they carried the department: an operator's command writes them again."""

import pytest

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.people.members import roster_store
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, RosterEntry, group_roster_pk, learners_pk, member_sk
from chalicelib.training.batches.recipients import member_ids, recipients_of
from chalicelib.training.batches.schemas import Targeting
from infra.renew_rosters import renew_all
from tests.harness import World


def test_entries_without_the_department_get_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    org = world.org(world.msp())
    department, group = world.department(org), world.group(org)
    person, gone = (world.member(org, [group], department_id=department) for _ in range(2))
    world.member(org)
    for pk in (learners_pk(org), group_roster_pk(org, group)):
        for one in (person, gone):
            table.transact([Write("put", RosterEntry(pk, member_sk(one), status="active"))])
    of_all = recipients_of(Targeting(), org, (), [department])
    of_group = recipients_of(Targeting(mode="groups", group_ids=[group]), org, (), [department])
    assert [list(member_ids(one)) for one in (of_all, of_group)] == [[], []]
    renew, write = roster_store.renew, members_store.change_writes

    def archived_first(org_id: str, member: Member) -> None:
        """Somebody is archived between the command's read and its write."""
        if member.member_id == gone:
            monkeypatch.setattr(roster_store, "renew", renew)
            table.transact(write(org_id, member, members_store.copy_with(member, status="archived"), world.now))
        renew(org_id, member)

    monkeypatch.setattr(roster_store, "renew", archived_first)
    assert renew_all(world.client("dynamodb")) == 3
    assert [list(member_ids(one)) for one in (of_all, of_group)] == [[person], [person]]
