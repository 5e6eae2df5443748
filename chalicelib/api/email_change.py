"""HTTP: another e-mail address for one's own account."""

from chalicelib.people.accounts import email_change
from chalicelib.people.accounts.email_change import Asker
from chalicelib.people.accounts.email_change_schemas import ChangeEmail, ConfirmEmail, EmailAsked, EmailChanged
from chalicelib.web.idempotency import idempotent
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)


@routes.add(
    "POST", "/me/email", summary="Ask to use another email address", answer=EmailAsked, body=ChangeEmail, status=202,
    idempotent=True,
)  # fmt: skip
def ask(call: Call[ChangeEmail, Empty]) -> EmailAsked:
    """A code of eight digits is mailed to the new address, good for 30 minutes and five tries.

    403 `log_in_again`: without the password, the log-in may be ten minutes old at most.
    """

    def action(seed: str) -> EmailAsked:
        asker = Asker(call.account_id, call.email, call.logged_in_at)
        email_change.ask(asker, call.body.email, call.body.password, call.source, seed, call.now)
        return EmailAsked(email=call.body.email)

    return idempotent(call, EmailAsked, action)


@routes.add(
    "POST", "/me/email/confirm", summary="Use the new email address from now on", answer=EmailChanged,
    body=ConfirmEmail,
)  # fmt: skip
def confirm(call: Call[ConfirmEmail, Empty]) -> EmailChanged:
    """422 `wrong_code`; 409 `account_exists` when the address is another account's. The same code may be sent again.

    `kept_in`: organizations where somebody else has this address; they keep the old one until that is over and the
    change is asked for again. The old address is told. Refresh the tokens afterwards.
    """
    return email_change.confirm(call.account_id, call.email, call.body.code, call.source, call.now)
