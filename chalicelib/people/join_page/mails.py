"""The mail with the code, which is made when the mail is written. If it is written again, the newest code counts."""

from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.core.text import normalized
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.accounts import mailed_codes
from chalicelib.people.join_page import store
from chalicelib.people.members import store as members_store
from chalicelib.tenants.organizations import store as orgs_store


def join_code(mail: Mail, now: datetime) -> MailContent | Suppressed:
    request = store.request(mail.about["request_id"])
    if request is None or to_instant(request.created_at) + store.REQUEST_KEPT_FOR <= now:
        return Suppressed("asked_too_long_ago")
    org = orgs_store.org(request.msp_id, request.org_id)
    if org is None:
        return Suppressed("not_there")
    # The address is looked up only here, so that the page answers everybody alike and equally fast.
    member = members_store.members_by_address(request.org_id, [request.email]).get(normalized(request.email))
    if member is not None and member.mail_blocked:
        return Suppressed("mail_blocked")
    code = mailed_codes.new_code()
    if not store.set_code(request, mailed_codes.hash_of(request.request_id, code), now):
        return Suppressed("joined_already")
    return MailContent(
        to=request.email,
        sender_name=org.name,
        reply_to=org.reply_to,
        facts={"tenant": org.name, "code": code, "minutes": str(mailed_codes.MINUTES)},
    )
