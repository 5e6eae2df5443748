"""What one step of accepting hands to the next: kept here for 15 minutes, under the hash of a secret in the address.

So each step is an address that can be reloaded and gone back to, and nobody gets there without the step before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Forbidden
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.links import InvitationView

_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Step:
    """`email` is what was entered or, with an `account_id`, that account's verified address. `session` is Cognito's."""

    email: str
    account_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    session: str | None = None


def issue(view: InvitationView, step: Step, now: datetime) -> str:
    """Returns the secret."""
    secret = tokens.new_secret()
    store.put_ticket(tokens.hash_of(secret), view.org.org_id, view.member, vars(step), now + _LASTS)
    return secret


def verify(view: InvitationView, secret: str, now: datetime) -> Step:
    """Raises Forbidden when the ticket has expired, or belongs to another invitation."""
    ticket = store.ticket(tokens.hash_of(secret))
    invitation = (view.org.org_id, view.member.member_id, view.member.invite_id)
    if (
        ticket is None
        or (ticket.org_id, ticket.member_id, ticket.invite_id) != invitation
        or to_instant(ticket.expires_at) <= now
    ):
        raise Forbidden("This took longer than 15 minutes, so please log in again.", "proof_expired")
    return Step(**ticket.step)
