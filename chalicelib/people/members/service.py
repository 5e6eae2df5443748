"""The directory of an organization: who is there, found by filters and by the start of a name or address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import normalized
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.explanations import explain
from chalicelib.notifications.models import Mail
from chalicelib.notifications.states import public_state
from chalicelib.people.members import store
from chalicelib.people.members.models import (
    Member,
    department_roster_pk,
    group_roster_pk,
    learners_pk,
    location_roster_pk,
    member_sk,
)
from chalicelib.people.members.schemas import (
    InvitationMailOut,
    InvitationOut,
    MemberOut,
    MemberPage,
    MemberQuery,
)
from chalicelib.people.members.states import INVITED, ON_ROSTERS, MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.names import DEPARTMENT, GROUP, LOCATION
from chalicelib.web.paging import Pager, invalid_cursor

# One BatchGetItem a read; a request that filters looks at 500 people at most.
_READ, _MAX_READS = 100, 5


@dataclass(frozen=True)
class _Found:
    """A member, and where in its list it was found."""

    member: Member
    position: str


def page(scope: Scope, query: MemberQuery, pager: Pager, now: datetime) -> MemberPage:
    departments = _departments_in_question(scope, query)
    word = normalized(query.search or "")[: store.MAX_WORD]

    def keep(found: _Found) -> bool:
        member = found.member
        if word and found.position != _first_match(member, word):
            return False
        return _matches(member, query, departments)

    def read(after: str | None) -> Page[_Found]:
        if word:
            entries = store.found_by(scope.org, word, _READ, after)
            pairs = [(entry.member_id, entry.sk) for entry in entries.items]
            return Page(_resolved(scope.org, pairs), entries.next_position)
        rosters = _rosters(scope.org, query, departments)
        if rosters is None:
            page = store.members(scope.org, _READ, after)
            return Page([_Found(member, member.sk) for member in page.items], page.next_position)
        return _read_rosters(scope.org, rosters, after)

    found = filtered_page(read, keep, lambda one: one.position, pager.limit, pager.position, _MAX_READS)
    return MemberPage(
        items=_outs([one.member for one in found.items], now), next_cursor=pager.cursor(found.next_position)
    )


def member(scope: Scope, member_id: str, now: datetime) -> MemberOut:
    found = store.member(scope.org, member_id)
    if found is None:
        raise NotFound("There is no such member")
    return _outs([found], now)[0]


def department_path(org_id: str, department_id: str | None) -> list[str]:
    """The department and all above it: what `access` decides by. Empty when there is none."""
    found = structure_store.department(org_id, department_id) if department_id else None
    return list(found.path) if found else []


def department_path_of(org_id: str, member_id: str) -> list[str]:
    found = store.member(org_id, member_id)
    return department_path(org_id, found.department_id if found else None)


def uses(org_id: str, kind: str, thing_id: str) -> list[str]:
    """Who stands on the roster of a group, department or location, in words; its first page tells enough."""
    pk_of = {GROUP: group_roster_pk, DEPARTMENT: department_roster_pk, LOCATION: location_roster_pk}[kind]
    statuses = {entry.status for entry in store.roster(pk_of(org_id, thing_id), _READ).items}
    words = ["members"] if MemberStatus.ACTIVE in statuses else []
    return words + (["open invitations"] if statuses - {MemberStatus.ACTIVE} else [])


def _departments_in_question(scope: Scope, query: MemberQuery) -> list[str] | None:
    """The departments whose people are asked for, or may be seen, with those below; None for no limit."""
    tops = {query.department_id} if query.department_id else scope.department_ids
    if not tops:
        return None
    return [one.department_id for one in structure_store.departments(scope.org) if tops & set(one.path)]


def _rosters(org_id: str, query: MemberQuery, departments: Iterable[str] | None) -> list[str] | None:
    """The partitions to read, the most telling first; None for all members."""
    if query.group_id:
        return [group_roster_pk(org_id, query.group_id)]
    if departments is not None:
        return [department_roster_pk(org_id, department_id) for department_id in departments]
    if query.location_id:
        return [location_roster_pk(org_id, query.location_id)]
    return [learners_pk(org_id)] if query.status == MemberStatus.ACTIVE else None


def _read_rosters(org_id: str, rosters: Sequence[str], after: str | None) -> Page[_Found]:
    """One read of rosters that lie one after the other; a position says which, and where in it."""
    number, _, start = (after or "0|").partition("|")
    if not number.isdecimal():
        raise invalid_cursor()
    index = int(number)
    if index >= len(rosters):
        return Page([], None)
    page = store.roster(rosters[index], _READ, start or None)
    pairs = [(entry.sk.removeprefix(member_sk("")), f"{index}|{entry.sk}") for entry in page.items]
    position = f"{index}|{page.next_position}" if page.next_position else f"{index + 1}|"
    return Page(_resolved(org_id, pairs), position if page.next_position or index + 1 < len(rosters) else None)


def _resolved(org_id: str, pairs: Sequence[tuple[str, str]]) -> list[_Found]:
    """The members of (member id, position), in this order; who is gone is left out."""
    by_key = store.members_by_key(org_id, [member_id for member_id, _ in pairs])
    return [
        _Found(by_key[member_sk(member_id)], position)
        for member_id, position in pairs
        if member_sk(member_id) in by_key
    ]


def _first_match(member: Member, start: str) -> str | None:
    """Of all entries that find this member, the one at which it is shown: nobody is shown twice."""
    matching = [word for word in store.words_of(member) if word.startswith(start)]
    return store.search_sk(min(matching), member.member_id) if matching else None


def _matches(member: Member, query: MemberQuery, departments: Sequence[str] | None) -> bool:
    if query.status is not None and member.status != query.status:
        return False
    # Who left the rosters is in no group, department or location any more, whatever the member still says.
    placed = member.status in ON_ROSTERS
    if query.group_id and not (placed and query.group_id in member.group_ids):
        return False
    if departments is not None and not (placed and member.department_id in departments):
        return False
    if query.location_id and not (placed and member.location_id == query.location_id):
        return False
    own = store.fields_of(member)
    return all(normalized(value) == normalized(own.get(name, "")) for name, value in query.fields.items())


def _outs(found: Sequence[Member], now: datetime) -> list[MemberOut]:
    """With what became of their mails, which are read for those who were invited."""
    ids = {member.mail_id for member in found if member.mail_id and not store.shows_name(member)}
    mails = notifications_store.mails_by_id(ids) if ids else {}
    return [_out(member, mails.get(member.mail_id or ""), now) for member in found]


def _out(member: Member, mail: Mail | None, now: datetime) -> MemberOut:
    shown = store.shows_name(member)
    return MemberOut(
        member_id=member.member_id,
        status=MemberStatus(member.status),
        email=member.email,
        login_name=member.login_name,
        first_name=member.first_name if shown else None,
        last_name=member.last_name if shown else None,
        group_ids=list(member.group_ids),
        department_id=member.department_id,
        location_id=member.location_id,
        fields=store.fields_of(member),
        created_at=member.created_at,
        invitation=_invitation(member, now),
        mail=None if shown else _mail(member, mail),
        mail_blocked=bool(member.mail_blocked),
    )


def _invitation(member: Member, now: datetime) -> InvitationOut | None:
    if member.status not in INVITED or not member.invite_expires_at:
        return None
    return InvitationOut(expires_at=member.invite_expires_at, expired=to_instant(member.invite_expires_at) <= now)


def _mail(member: Member, mail: Mail | None) -> InvitationMailOut | None:
    if not member.mail_id:
        return None
    # A mail that is planned for later is made at its time.
    state = "queued" if mail is None else public_state(mail.state)
    told = explain(state)
    return InvitationMailOut(
        state=state,
        reason=mail.reason if mail else None,
        sentence=told.sentence,
        next_step=told.next_step,
    )
