"""HTTP: another e-mail address for one's own account."""

from chalicelib.people.accounts import email_change
from chalicelib.people.accounts.email_change_schemas import ChangeEmail, ConfirmEmail, EmailAsked, EmailChanged
from chalicelib.web.idempotency import idempotent
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)


@routes.add(
    "POST", "/me/email", summary="Ask to use another e-mail address", answer=EmailAsked, body=ChangeEmail, status=202,
    idempotent=True,
)  # fmt: skip
def ask(call: Call[ChangeEmail, Empty]) -> EmailAsked:
    """A code of eight digits is mailed to the new address, good for 30 minutes and five tries."""

    def action(seed: str) -> EmailAsked:
        email_change.ask(call.account_id, call.body.email, call.source, seed, call.now)
        return EmailAsked(email=call.body.email)

    return idempotent(call, EmailAsked, action)


@routes.add(
    "POST", "/me/email/confirm", summary="Use the new e-mail address from now on", answer=EmailChanged,
    body=ConfirmEmail,
)  # fmt: skip
def confirm(call: Call[ConfirmEmail, Empty]) -> EmailChanged:
    """422 `wrong_code`; 409 `account_exists` when the address is another account's. The same code may be sent again.

    `kept_in`: organizations where somebody else has this address; they keep the old one. Refresh the tokens afterwards.
    """
    return email_change.confirm(call.account_id, call.body.code, call.source, call.now)
