"""The open invitations of the person who asks, over all organizations."""

from datetime import datetime
from typing import cast

from chalicelib.access.models import msp_pk
from chalicelib.aws import table
from chalicelib.core.paging import Pager
from chalicelib.invites import store
from chalicelib.invites.answering import is_expired
from chalicelib.invites.schemas import MyInvite, MyInvitePage
from chalicelib.invites.states import OPEN
from chalicelib.members.models import Member, member_sk, members_pk
from chalicelib.orgs.models import Org, org_sk


class OwnInvitesService:
    def page(self, email: str | None, pager: Pager, now: datetime) -> MyInvitePage:
        """Empty for an account without a verified address."""
        if email is None:
            return MyInvitePage(items=[], next_cursor=None)
        found = store.open_invites(email, pager.limit, pager.position)
        keys = [
            ((msp_pk(one.msp_id), org_sk(one.org_id)), (members_pk(one.org_id), member_sk(one.member_id)))
            for one in found.items
        ]
        wanted = [(model, *key) for pair in keys for model, key in zip((Org, Member), pair, strict=True)]
        items = table.batch_get(wanted) if wanted else {}
        invites = []
        for org_key, member_key in keys:
            org, member = cast(Org | None, items.get(org_key)), cast(Member | None, items.get(member_key))
            if org is not None and member is not None and member.status in OPEN:
                invites.append(
                    MyInvite(
                        invite_id=f"{org.org_id}.{member.member_id}",
                        org_id=org.org_id,
                        organization=org.name,
                        expires_at=str(member.invite_expires_at),
                        expired=is_expired(member, now),
                    )
                )
        return MyInvitePage(items=invites, next_cursor=pager.cursor(found.position))
