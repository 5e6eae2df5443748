"""The directory of an organization, read by filters and by the start of a name or address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.core.addresses import shown
from chalicelib.core.clock import to_instant
from chalicelib.core.paging import Page, filtered_page
from chalicelib.core.text import normalized, searchable
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.explanations import explain
from chalicelib.notifications.models import Mail
from chalicelib.notifications.states import public_state
from chalicelib.people.members import store
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.models import (
    Member,
    department_roster_pk,
    fields_of,
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
from chalicelib.tenants.structure.states import DEPARTMENT, GROUP, LOCATION
from chalicelib.web.paging import Pager, invalid_cursor

# One BatchGetItem per read; a request with filters looks at 500 people at most.
_PER_READ, _MAX_READS = 100, 5


@dataclass(frozen=True)
class _Match:
    """A member, and its position in the list that is read."""

    member: Member
    position: str


def page(scope: Scope, query: MemberQuery, pager: Pager, now: datetime) -> MemberPage:
    departments = _departments_in_scope(scope, query)
    word = searchable(query.search or "")[: store.MAX_WORD]

    def keep(match: _Match) -> bool:
        member = match.member
        if word and match.position != _first_match(member, word):
            return False
        return _matches(member, query, departments)

    def read(after: str | None) -> Page[_Match]:
        if word:
            entries = store.search_entries(scope.org, word, _PER_READ, after)
            pairs = [(entry.member_id, entry.sk) for entry in entries.items]
            return Page(_load_members(scope.org, pairs), entries.next_position)
        rosters = _rosters(scope.org, query, departments)
        if rosters is None:
            page = store.members(scope.org, _PER_READ, after)
            return Page([_Match(member, member.sk) for member in page.items], page.next_position)
        return _read_rosters(scope.org, rosters, after)

    matches = filtered_page(read, keep, lambda match: match.position, pager.limit, pager.position, _MAX_READS)
    return MemberPage(
        items=members_out([match.member for match in matches.items], now),
        next_cursor=pager.cursor(matches.next_position),
    )


def member(scope: Scope, member_id: str, now: datetime) -> MemberOut:
    """Raises NotFound."""
    return members_out([member_of(scope.org, member_id)], now)[0]


def members_by_id(scope: Scope, member_ids: Sequence[str], now: datetime) -> dict[str, MemberOut]:
    """Those that exist, by id."""
    found = store.members_by_id(scope.org, member_ids)
    return {one.member_id: one for one in members_out(list(found.values()), now)}


def department_path(org_id: str, department_id: str | None) -> list[str]:
    """The department and all above it, by which `access` decides. Empty when there is none."""
    department = structure_store.department(org_id, department_id) if department_id else None
    return list(department.path) if department else []


def department_path_of(org_id: str, member_id: str) -> list[str]:
    """Who has left, or declined, is in no department, although the item still names one."""
    member = store.member(org_id, member_id)
    return department_path(org_id, member.department_id if member and member.status in ON_ROSTERS else None)


def last_department_path_of(org_id: str, member_id: str) -> list[str]:
    """For what stays with a department when a person leaves: certificates, and the answer to who archived them."""
    member = store.member(org_id, member_id)
    return department_path(org_id, member.department_id if member else None)


def any_of(org_id: str) -> str | None:
    """Whether the organization has, or had, people: nobody is ever taken off its directory."""
    return "people" if store.members(org_id, 1, None).items else None


def uses(org_id: str, kind: str, unit_id: str) -> list[str]:
    """What uses a group, department or location: members, open invitations. The first page of its roster is enough."""
    pk_of = {GROUP: group_roster_pk, DEPARTMENT: department_roster_pk, LOCATION: location_roster_pk}[kind]
    statuses = {entry.status for entry in store.roster(pk_of(org_id, unit_id), _PER_READ).items}
    labels = ["members"] if MemberStatus.ACTIVE in statuses else []
    return labels + (["open invitations"] if statuses - {MemberStatus.ACTIVE} else [])


def _departments_in_scope(scope: Scope, query: MemberQuery) -> list[str] | None:
    """Those that the query names, or that the caller may see, with all below them; None for no limit."""
    roots = {query.department_id} if query.department_id else scope.department_ids
    if not roots:
        return None
    departments = structure_store.departments(scope.org)
    return [department.department_id for department in departments if roots & set(department.path)]


def _rosters(org_id: str, query: MemberQuery, departments: Iterable[str] | None) -> list[str] | None:
    """The partitions to read, by the most selective filter; None for all members."""
    if query.group_id:
        return [group_roster_pk(org_id, query.group_id)]
    if departments is not None:
        return [department_roster_pk(org_id, department_id) for department_id in departments]
    if query.location_id:
        return [location_roster_pk(org_id, query.location_id)]
    return [learners_pk(org_id)] if query.status == MemberStatus.ACTIVE else None


def _read_rosters(org_id: str, rosters: Sequence[str], after: str | None) -> Page[_Match]:
    """One read of several rosters, one after the other. A position holds the roster's index and the place in it."""
    number, _, start = (after or "0|").partition("|")
    if not number.isdecimal():
        raise invalid_cursor()
    index = int(number)
    if index >= len(rosters):
        return Page([], None)
    page = store.roster(rosters[index], _PER_READ, start or None)
    pairs = [(entry.sk.removeprefix(member_sk("")), f"{index}|{entry.sk}") for entry in page.items]
    position = f"{index}|{page.next_position}" if page.next_position else f"{index + 1}|"
    return Page(_load_members(org_id, pairs), position if page.next_position or index + 1 < len(rosters) else None)


def _load_members(org_id: str, pairs: Sequence[tuple[str, str]]) -> list[_Match]:
    """The members of pairs of member id and position, in this order; those that no longer exist are left out."""
    by_id = store.members_by_id(org_id, [member_id for member_id, _ in pairs])
    return [_Match(by_id[member_id], position) for member_id, position in pairs if member_id in by_id]


def _first_match(member: Member, start: str) -> str | None:
    """The one entry at which a member with several matching entries is listed, so that nobody is listed twice."""
    matching = [word for word in store.words_of(member) if word.startswith(start)]
    return store.search_sk(min(matching), member.member_id) if matching else None


def _matches(member: Member, query: MemberQuery, departments: Sequence[str] | None) -> bool:
    if query.status is not None and member.status != query.status:
        return False
    # A member who is off the rosters is in no group, department or location, although the item still names them.
    is_placed = member.status in ON_ROSTERS
    if query.group_id and not (is_placed and query.group_id in member.group_ids):
        return False
    if departments is not None and not (is_placed and member.department_id in departments):
        return False
    if query.location_id and not (is_placed and member.location_id == query.location_id):
        return False
    fields = fields_of(member)
    return all(normalized(value) == normalized(fields.get(name, "")) for name, value in query.fields.items())


def members_out(members: Sequence[Member], now: datetime) -> list[MemberOut]:
    """With the state of the latest mail of those who have not accepted."""
    ids = {member.mail_id for member in members if member.mail_id and not store.shows_name(member)}
    mails = notifications_store.mails_by_id(ids) if ids else {}
    return [_member_out(member, mails.get(member.mail_id or ""), now) for member in members]


def _member_out(member: Member, mail: Mail | None, now: datetime) -> MemberOut:
    shows_name = store.shows_name(member)
    return MemberOut(
        member_id=member.member_id,
        status=MemberStatus(member.status),
        email=shown(member.email) if member.email else None,
        login_name=member.login_name,
        first_name=member.first_name if shows_name else None,
        last_name=member.last_name if shows_name else None,
        group_ids=list(member.group_ids),
        department_id=member.department_id,
        location_id=member.location_id,
        fields=fields_of(member),
        created_at=member.created_at,
        invitation=_invitation(member, now),
        mail=None if shows_name else _mail(member, mail),
        mail_blocked=bool(member.mail_blocked),
    )


def _invitation(member: Member, now: datetime) -> InvitationOut | None:
    if member.status not in INVITED or not member.invite_expires_at:
        return None
    return InvitationOut(expires_at=member.invite_expires_at, expired=to_instant(member.invite_expires_at) <= now)


def _mail(member: Member, mail: Mail | None) -> InvitationMailOut | None:
    if not member.mail_id:
        return None
    # The mail of a scheduled send is made at its time; until then it counts as queued.
    state = "queued" if mail is None else public_state(mail.state)
    explanation = explain(state, mail.reason if mail else None)
    return InvitationMailOut(
        state=state,
        reason=mail.reason if mail else None,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
    )
