"""The mail with the code. The code is made when the mail is written; should it be written again, the newest counts."""

from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.core.text import normalized
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.accounts import mailed_codes as codes
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
    known = members_store.member_of_address(request.org_id, [request.email]).get(normalized(request.email))
    if known is not None and known.mail_blocked:
        return Suppressed("mail_blocked")
    code = codes.new_code()
    if not store.set_code(request, codes.hash_of(request.request_id, code), now):
        return Suppressed("joined_already")
    return MailContent(
        to=request.email,
        sender_name=org.name,
        reply_to=org.reply_to,
        facts={"tenant": org.name, "code": code, "minutes": str(codes.MINUTES)},
    )
