"""Joining by the page: the form mails a code to the address, and the code leads to an invitation.

The address is not looked up before the code is entered, so that neither the answer nor the AWS calls tell whether it
belongs to a member.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound, Unavailable
from chalicelib.core.ids import new_id, time_of
from chalicelib.core.text import normalized
from chalicelib.notifications import outbox
from chalicelib.people.accounts import mailed_codes
from chalicelib.people.accounts.tries import count_mail
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.models import JoinPage
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.join_page import store
from chalicelib.people.join_page.domains import address_of, domain_in
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.people.join_page.schemas import JoinForm
from chalicelib.people.join_page.settings import is_served, is_slug
from chalicelib.people.join_page.writes import JOIN_CODE, invitation_for, mail_id_of, secret_of
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Group, Location
from chalicelib.web import rate_limits

# From one network, for addresses of join pages that do not exist: nobody is to find them by trying.
MISSES = 30
# And all requests: a line for the worst abuse, far above what an office needs. One person needs five to join.
REQUESTS, PER = 1000, timedelta(minutes=1)

_ACTOR = "join-page"

_TRIES = 5

_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True)
class JoinPageView:
    """A join page that is open, with the groups and locations to choose from."""

    org: Org
    page: JoinPage
    groups: Sequence[Group]
    locations: Sequence[Location]


def load(slug: str, source: str, now: datetime) -> JoinPageView:
    """Raises TooMany, and NotFound, which is the same for every reason why there is no page."""
    network = rate_limits.network_of(source)
    rate_limits.take("join", network, REQUESTS, PER, now)
    owner = store.owner_of(slug) if is_slug(slug) else None
    if owner is None:
        rate_limits.take("join_miss", network, MISSES, PER, now)
        raise _no_page()
    org, page = store.org_and_page(owner)
    groups = structure_store.groups(owner.org_id, consistent=False)
    locations = structure_store.locations(owner.org_id, consistent=False)
    if org is None or page is None or not page.enabled or page.slug != slug or not is_served(org) or not groups:
        raise _no_page()
    return JoinPageView(org, page, _sorted_by_name(groups), _sorted_by_name(locations))


def ask(view: JoinPageView, form: JoinForm, source: str, now: datetime) -> str:
    """Mail a code and return the request's id. Raises Invalid, naming each wrong field, and TooMany.

    The request has the id of the form, so that a form that is sent twice mails once.
    """
    email = _checked(view, form)
    count_mail(email, source, now)
    request_id = form.request if _is_recent(form.request, now) else new_id(now)
    try:
        store.put_request(*_ask_writes(view, request_id, email, form, now))
    except ConditionFailed:
        earlier = store.request(request_id)
        if earlier is None or (earlier.org_id, earlier.email) != (view.org.org_id, email):
            # The form was sent before with another address, and corrected since.
            request_id = new_id(now)
            store.put_request(*_ask_writes(view, request_id, email, form, now))
    outbox.wake()
    return request_id


def _ask_writes(
    view: JoinPageView, request_id: str, email: str, form: JoinForm, now: datetime
) -> tuple[Write, list[Write]]:
    msp_id, org_id = view.org.msp_id, view.org.org_id
    about = {"msp_id": msp_id, "org_id": org_id, "request_id": request_id}
    chosen = (form.group_id, form.location_id or None)
    return (
        store.request_write(msp_id, org_id, request_id, email, *chosen, now),
        outbox.writes(mail_id_of(request_id), JOIN_CODE, org_pk(org_id), about, now),
    )


def request_of(view: JoinPageView, request_id: str, now: datetime) -> JoinRequest:
    """Raises Conflict `over` when the request does not exist here, is too old, or was tried too often."""
    request = store.request(request_id) if request_id else None
    if request is None or request.org_id != view.org.org_id or _is_old(request, now):
        raise _over("This code has expired.")
    if not request.has_tries_left:
        raise _tried_too_often()
    return request


def confirm(view: JoinPageView, request: JoinRequest, code: str, now: datetime) -> str | None:
    """The token of the invitation; None when the address belongs to an active member.

    Raises Invalid `wrong_code`, and Conflict `over` for a request that is no longer open.
    """
    if not store.count_try(request):
        raise _tried_too_often()
    if not mailed_codes.matches(request.request_id, code, request.code_hash):
        problem = "That code is wrong. Enter the eight digits from the newest email."
        raise Invalid(FieldError("code", "wrong_code", problem))
    secret = secret_of(request, code)
    for _ in range(_TRIES):
        members = members_store.members_by_address(request.org_id, [request.email])
        member = members.get(normalized(request.email))
        if member is not None and member.status == MemberStatus.ACTIVE:
            return None
        if request.joined_at and (member is None or member.status not in OPEN):
            raise _over("You have already answered this invitation, or it was withdrawn.")
        if request.joined_at and member is not None and tokens.matches(secret, member.invite_hash):
            # Entered twice: the tries begin anew, and the link is the first one's.
            store.commit([store.joined_write(request, now)])
            return Token(request.org_id, member.member_id, secret).text
        token = _join(view, request, member, secret, now)
        if token is not None:
            return token
        # The member changed, or the same request came twice at once: read and decide again.
        request = request_of(view, request.request_id, now)
    raise Unavailable()


def _join(view: JoinPageView, request: JoinRequest, existing: Member | None, secret: str, now: datetime) -> str | None:
    """The token; None when the member changed since it was read."""
    invitation = invitation_for(request, existing, secret, now, now + timedelta(days=int(view.org.invitation_days)))
    entry = AuditEntry(
        _ACTOR, "member.joined_by_page", f"member/{invitation.member.member_id}",
        {"status": existing.status} if existing else None,
        {"status": invitation.member.status, "group_id": request.group_id, "location_id": request.location_id},
    )  # fmt: skip
    writes = [
        *invitation.writes,
        store.joined_write(request, now),
        store.mail_write(request, mail_id_of(request.request_id), invitation.member.member_id),
        *store.choice_checks(request.org_id, request.group_id, request.location_id),
    ]
    try:
        if request.joined_at:
            # The audit trail has this joining already; only the link is new.
            store.commit(writes)
        else:
            audit.commit(org_pk(request.org_id), entry, writes, now)
    except ConditionFailed:
        if not store.choice_exists(request.org_id, request.group_id, request.location_id):
            raise _over("The group or location you chose no longer exists.") from None
        return None
    return invitation.token


def _checked(view: JoinPageView, form: JoinForm) -> str:
    errors = []
    email = address_of(form.email)
    domains = list(view.page.allowed_domains)
    if email is None:
        errors.append(FieldError("email", "invalid_email", "Enter a valid email address."))
    elif domains and domain_in(email) not in domains:
        problem = f"You can't join with an address at {domain_in(email)}. Use your work email address."
        errors.append(FieldError("email", "domain_not_allowed", problem))
    if form.group_id not in {group.group_id for group in view.groups}:
        errors.append(FieldError("group_id", "unknown_group", "Choose your group."))
    locations = {location.location_id for location in view.locations}
    if (form.location_id or locations) and form.location_id not in locations:
        errors.append(FieldError("location_id", "unknown_location", "Choose your location."))
    if errors or email is None:
        raise Invalid(*errors)
    return email


def _is_recent(request_id: str, now: datetime) -> bool:
    """Whether a form of ours could have this id. What comes with a form may be anything."""
    try:
        made_at = time_of(request_id)
    except ValueError:
        return False
    return _ULID.fullmatch(request_id) is not None and now - store.REQUEST_KEPT_FOR < made_at <= now


def _is_old(request: JoinRequest, now: datetime) -> bool:
    if request.code_expires_at:
        return to_instant(request.code_expires_at) <= now
    return to_instant(request.created_at) + store.REQUEST_KEPT_FOR <= now


def _no_page() -> NotFound:
    """The same answer for every reason."""
    error = NotFound(code="no_join_page")
    error.detail = "This page doesn't exist or is switched off. Ask the person who gave you the link."
    return error


def _over(detail: str) -> Conflict:
    return Conflict("over", detail)


def _tried_too_often() -> Conflict:
    return _over("The wrong code was entered too many times.")


def _sorted_by_name(choices: Sequence[Group] | Sequence[Location]) -> list:  # type: ignore[type-arg]
    return sorted(choices, key=lambda choice: (normalized(choice.name), choice.name))
