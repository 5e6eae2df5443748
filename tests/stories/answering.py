"""Answers to invitations, past the mails: people invited with a link that a test knows, and what became of them."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import table
from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import new_id
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.accept_decline import Account, accept, of_account
from chalicelib.people.invitations.links import InvitationView
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import invited_at, open_invitation_write
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import store as audit_store
from chalicelib.tenants.organizations.models import REVISIONS_SK, Revisions
from tests.harness import World

ANN = Account("m-ann", "ann@example.com")
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

    def num_changes_of_people(self) -> int:
        """By which a plan that was reviewed is known to be of before."""
        found = table.get(Revisions, org_pk(self.org), REVISIONS_SK)
        return int(found.people) if found else 0

    def moves(self) -> list[str]:
        """What the audit trail tells as moved."""
        entries = audit_store.newest(org_pk(self.org), 9, None).items
        return [entry.target for entry in entries if entry.action == "invitation.moved"]

    def refusal(self, view: InvitationView, account: Account) -> str:
        before = self.world.dump("core")
        with pytest.raises(Conflict) as refused:
            accept(view, account, self.world.now)
        assert self.world.dump("core") == before
        return refused.value.code
