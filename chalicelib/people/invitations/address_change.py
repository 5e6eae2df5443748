"""Moving an invitation to another address, that of the account with which the holder of the link has logged in."""

from datetime import datetime, timedelta

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Forbidden
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.accept_decline import Account
from chalicelib.people.invitations.links import InvitationView

_TICKET_LASTS = timedelta(minutes=15)


def issue_ticket(view: InvitationView, account: Account, now: datetime) -> str:
    """Note that the holder of this link has logged in under another address. Returns the secret that proves it."""
    secret = tokens.new_secret()
    store.put_ticket(
        tokens.hash_of(secret), view.org.org_id, view.member, account.account_id, account.email, now + _TICKET_LASTS
    )
    return secret


def verify_ticket(view: InvitationView, secret: str, now: datetime) -> Account:
    """The account that the ticket was issued to.

    Raises Forbidden when the ticket has expired, or belongs to another invitation.
    """
    ticket = store.ticket(tokens.hash_of(secret))
    invitation = (view.org.org_id, view.member.member_id, view.member.invite_id)
    if (
        ticket is None
        or (ticket.org_id, ticket.member_id, ticket.invite_id) != invitation
        or to_instant(ticket.expires_at) <= now
    ):
        raise Forbidden("Log in again, then move the invitation.", "proof_expired")
    return Account(ticket.account_id, ticket.email)
