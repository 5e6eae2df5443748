"""A forgotten password is set anew by a mailed code, and every session of the account is over then.

Cognito and our table have no transaction in common. So the job that ends the sessions is written down before, and taken
away after: should the request die in between, and never be sent again, the sweep sends the job.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from chalicelib.aws.accounts import Refused, accounts
from chalicelib.aws.identity import identity
from chalicelib.core.addresses import understood
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.jobs import due
from chalicelib.people.accounts.login import WEAK, is_password_of, wrong_code
from chalicelib.people.accounts.messages import EndSessions
from chalicelib.people.accounts.passwords import refuse_weak, refused_by_cognito
from chalicelib.people.accounts.tries import counted
from chalicelib.web.sessions import service as sessions

# Longer than a request takes.
_DONE_WITHIN = timedelta(minutes=1)


def reset(email: str, code: str, new_password: str, source: str, now: datetime) -> None:
    """Every session of the account is over then. Sent twice, it is done once, and both are told so.

    Raises Invalid: `wrong_code`, or for a password that breaks a rule.
    """
    address = understood(email)
    refuse_weak(new_password, "new_password")
    with counted(address, source, now):
        # Looked up first: once the password is changed, only the sessions are left.
        account_id = identity().find(address)
        job = EndSessions(
            account_id=account_id or "", before=to_text(now + _DONE_WITHIN), try_id=new_id(now), due_at=to_text(now)
        )
        due.write_down(job, now)
        try:
            accounts().reset(address, code, new_password)
        except Refused as no:
            if no.code in WEAK:
                _take_away(job)
                raise refused_by_cognito("new_password") from None
            # The same request again: the code is used up, and it is this password already. Asked whether or not there
            # is an account; who knows the password could as well log in, and tries are counted together.
            if not is_password_of(address, new_password) or account_id is None:
                _take_away(job)
                raise wrong_code() from None
        except Unavailable:
            # It may have gone through; then nobody else would end them, for the code is used up.
            if account_id is not None:
                sessions.end_all(account_id, now)
            _take_away(job)
            raise
        if account_id is not None:
            sessions.end_all(account_id, now)
        _take_away(job)


def end_sessions(job: EndSessions, now: datetime) -> None:
    """Any number of times. Whoever has logged in by the new password stays."""
    if job.account_id:
        sessions.end_before(job.account_id, to_instant(job.before))
    due.close(job)


def _take_away(job: EndSessions) -> None:
    """Where that fails, the sweep sends the job, which finds no session of before."""
    with suppress(MusterError):
        due.close(job)
