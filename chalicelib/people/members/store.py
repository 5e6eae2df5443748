"""Reads and writes of the directory: a member is one item, with claims, roster entries and search entries beside it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.aws import loading, table
from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref, Write, fetch_all, put_new
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.core.text import normalized, searchable
from chalicelib.people.members.history_store import history_writes
from chalicelib.people.members.models import (
    Member,
    RosterEntry,
    SearchEntry,
    UniqueClaim,
    department_roster_pk,
    email_sk,
    group_roster_pk,
    learners_pk,
    location_roster_pk,
    login_sk,
    member_ref,
    member_sk,
    members_pk,
    search_pk,
)
from chalicelib.people.members.states import INVITED, NAME_SHOWN, ON_ROSTERS, MemberStatus
from chalicelib.tenants.access.models import SELF_SK, AccountEntry, Msp, account_pk, membership_sk, msp_pk, org_pk
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.tenants.organizations.revision_store import bump_revision

# Sort keys end at 1,024 bytes: a word keeps 200 characters of at most 4 bytes, and the id follows.
MAX_WORD = 200


def member(org_id: str, member_id: str) -> Member | None:
    return table.get(Member, members_pk(org_id), member_sk(member_id))


def active_check(org_id: str, member_id: str, as_read: Member | None = None) -> Write:
    """For a transaction that is for active members only; with `as_read`, for who has not changed since besides."""
    member = Member(members_pk(org_id), member_sk(member_id))
    is_active = Member.status == MemberStatus.ACTIVE.value
    return Write("check", member, is_active if as_read is None else is_active & _unchanged(as_read))


def unchanged_check(member: Member) -> Write:
    """ConditionFailed when the member changed since it was read."""
    return Write("check", Member(*member.key), _unchanged(member))


def _unchanged(member: Member) -> Condition:
    same = Member.revision == member.revision
    return same if member.revision else same | (Member.pk.exists() & Member.revision.does_not_exist())


def members(org_id: str, limit: int, after: str | None) -> Page[Member]:
    return table.query(Member, members_pk(org_id), limit=limit, after=after)


def members_by_id(org_id: str, member_ids: Iterable[str]) -> dict[str, Member]:
    """Those that exist."""
    members = fetch_all((member_ref(org_id, member_id) for member_id in member_ids), consistent=False)
    return {member.member_id: member for member in members}


def roster(pk: str, limit: int, after: str | None = None) -> Page[RosterEntry]:
    return table.query(RosterEntry, pk, limit=limit, after=after)


def search_entries(org_id: str, start: str, limit: int, after: str | None) -> Page[SearchEntry]:
    """Entries whose word begins with `start`, which is normalized. A member may have several of them."""
    return table.query(SearchEntry, search_pk(org_id), prefix=start[:MAX_WORD], limit=limit, after=after)


def search_sk(word: str, member_id: str) -> str:
    return f"{word}#{member_id}"


def shows_name(member: Member) -> bool:
    """Only once the person has accepted. It stays so when a later invitation is declined or cancelled."""
    was_member = bool(member.account_id) and member.status not in INVITED
    return member.status in NAME_SHOWN or was_member


def words_of(member: Member) -> list[str]:
    """The words by whose start a search finds the member. Names only once the person has accepted."""
    texts = [member.email or "", member.login_name or ""]
    if shows_name(member):
        texts += [member.first_name, member.last_name, f"{member.first_name} {member.last_name}"]
    return sorted({word[:MAX_WORD] for text in texts if (word := searchable(text))})


def claims_of(org_id: str, member: Member) -> list[CoreItem]:
    """The address and the login name belong to this member alone in the organization."""
    keys = [email_sk(normalized(member.email))] if member.email else []
    keys += [login_sk(normalized(member.login_name))] if member.login_name else []
    return [UniqueClaim(org_pk(org_id), key, member_id=member.member_id) for key in keys]


def entries_of(org_id: str, member: Member) -> list[CoreItem]:
    """Roster and search entries. They follow from the member, so writing them again is harmless."""
    key = member_sk(member.member_id)
    rosters = []
    if member.status == MemberStatus.ACTIVE:
        rosters.append(learners_pk(org_id))
    if member.status in ON_ROSTERS:
        rosters += [group_roster_pk(org_id, group_id) for group_id in sorted(set(member.group_ids))]
        rosters += [department_roster_pk(org_id, member.department_id)] if member.department_id else []
        rosters += [location_roster_pk(org_id, member.location_id)] if member.location_id else []
    entries: list[CoreItem] = [
        RosterEntry(pk, key, status=_roster_status(member), department_id=member.department_id) for pk in rosters
    ]
    entries += [
        SearchEntry(search_pk(org_id), search_sk(word, member.member_id), member_id=member.member_id)
        for word in words_of(member)
    ]
    return entries


def _roster_status(member: Member) -> str:
    """Active or not: whether a mail has arrived by now writes no roster anew."""
    return (MemberStatus.PROSPECT if member.status in INVITED else MemberStatus(member.status)).value


def membership_of(msp_id: str, org_id: str, member: Member) -> list[CoreItem]:
    """The membership under the person's account; empty while the person has none."""
    if not member.account_id:
        return []
    key = membership_sk(org_id, member.member_id)
    return [AccountEntry(account_pk(member.account_id), key, msp_id=msp_id, org_id=org_id, member_id=member.member_id)]


def member_writes(msp_id: str, org_id: str, member: Member) -> list[Write]:
    """Create a member with claims, rosters, search entries and membership, for the caller's transaction.

    ConditionFailed with index 0 when the id is taken, with a following one when the address or the
    login name belongs to another member.
    """
    return [
        *invited_writes(org_id, member),
        *membership_writes(msp_id, org_id, member),
        bump_revision(org_id, "people"),
    ]


def invited_writes(org_id: str, member: Member) -> list[Write]:
    """The same for a new person who is invited: recipients of rollouts stay the same, and there is no membership."""
    new: Sequence[CoreItem] = [member, *claims_of(org_id, member)]
    return [*(put_new(item) for item in new), *map(_put, entries_of(org_id, member))]


def membership_writes(msp_id: str, org_id: str, member: Member) -> list[Write]:
    return [_put(item) for item in membership_of(msp_id, org_id, member)]


def _put(item: CoreItem) -> Write:
    return Write("put", item)


# The item stays small: a person is rarely invited so often.
_MAX_EARLIER_MAILS = 40


def copy_with(member: Member, **fields: Any) -> Member:
    """A copy with other values and the next revision; None removes an attribute."""
    copy = Member.from_raw_data(member.serialize())
    if member.mail_id and fields.get("mail_id", member.mail_id) != member.mail_id:
        copy.earlier_mail_ids = [*(member.earlier_mail_ids or ()), member.mail_id][-_MAX_EARLIER_MAILS:]
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.revision = member.revision + 1
    return copy


def change_writes(org_id: str, before: Member, after: Member, now: datetime | None) -> list[Write]:
    """Put `after`, a copy by `copy_with`, adjust claims, rosters and search entries, and keep what it replaces.

    ConditionFailed with index 0 when the member changed since it was read, with a following one when the
    address or the login name belongs to another member.
    """
    claims, old_claims = claims_of(org_id, after), claims_of(org_id, before)
    entries, old_entries = entries_of(org_id, after), entries_of(org_id, before)
    kept_claims = {item.key for item in old_claims}
    kept_entries = {_identity_of(item) for item in old_entries}
    obsolete = {item.key: item for item in (*old_claims, *old_entries)}
    for item in (*claims, *entries):
        obsolete.pop(item.key, None)
    return [
        Write("put", after, _unchanged(before)),
        *(put_new(item) for item in claims if item.key not in kept_claims),
        *(Write("put", item) for item in entries if _identity_of(item) not in kept_entries),
        *(Write("delete", item) for item in obsolete.values()),
        *history_writes(org_id, before, after, now),
    ]


def erase_writes(org_id: str, before: Member, after: Member) -> list[Write]:
    """Put `after`, of which nothing tells who it was, and delete what led to the member. Nothing is kept of before.

    ConditionFailed with index 0 when the member changed since it was read.
    """
    led_there = {item.key: item for item in (*claims_of(org_id, before), *entries_of(org_id, before))}
    return [Write("put", after, _unchanged(before)), *(Write("delete", item) for item in led_there.values())]


def set_invite_hash(member: Member, invite_hash: str) -> None:
    """Nothing else that is kept beside the member follows from it. ConditionFailed when the member changed since."""
    revision = Member.revision.set(member.revision + 1)
    if table.update_if(member, _unchanged(member), Member.invite_hash.set(invite_hash), revision) is None:
        raise ConditionFailed()


def note_arrival(org_id: str, member_id: str, invite_id: str) -> None:
    """The mail of this invitation has arrived: who is a prospect is pending from then on. Harmless when repeated.

    Rosters and search entries say the same of both.
    """
    awaited = (Member.status == MemberStatus.PROSPECT.value) & (Member.invite_id == invite_id)
    actions = (Member.status.set(MemberStatus.PENDING.value), Member.revision.add(1))
    table.update_if(Member(members_pk(org_id), member_sk(member_id)), awaited, *actions)


def update(org_id: str, before: Member, after: Member) -> None:
    """For a change that decides nobody's enrollment. Raises ConditionFailed as `change_writes` says.

    Also when the answer to the same change was lost: read the member again.
    """
    writes = change_writes(org_id, before, after, None)
    if len(writes) > 1:
        table.transact(writes)
    else:
        # Half the units of a transaction.
        table.put_if(after, _unchanged(before))


def _identity_of(entry: CoreItem) -> tuple[str | None, ...]:
    return (*entry.key, getattr(entry, "status", None), getattr(entry, "department_id", None))


def members_by_address(org_id: str, emails: Iterable[str]) -> dict[str, Member]:
    """The members to whom these addresses belong here, by normalized address."""
    address_by_sk = {email_sk(normalized(email)): normalized(email) for email in emails}
    claims = fetch_all(Ref(UniqueClaim, org_pk(org_id), sk) for sk in address_by_sk)
    address_by_id = {claim.member_id: address_by_sk[claim.sk] for claim in claims}
    members = fetch_all(member_ref(org_id, member_id) for member_id in address_by_id)
    return {address_by_id[member.member_id]: member for member in members}


def create(msp_id: str, org_id: str, member: Member) -> None:
    table.transact(member_writes(msp_id, org_id, member))


def load(msp_id: str, org_id: str, members: Iterable[Member]) -> None:
    """Write the same for many members that are certain to be new: seeds and tests."""

    def items() -> Iterator[CoreItem]:
        for member in members:
            yield member
            yield from claims_of(org_id, member)
            yield from entries_of(org_id, member)
            yield from membership_of(msp_id, org_id, member)

    loading.put_all(items())
    table.transact([bump_revision(org_id, "people")])


def names_and_members(entries: Sequence[AccountEntry]) -> tuple[dict[str, str], dict[str, Member]]:
    """Names of the MSPs and organizations, and members, by id: everything that an account's entries refer to."""
    refs: list[Ref[Org] | Ref[Msp] | Ref[Member]] = []
    for entry in entries:
        if entry.org_id:
            refs.append(org_ref(entry.msp_id, entry.org_id))
        else:
            refs.append(Ref(Msp, msp_pk(entry.msp_id), SELF_SK))
        if entry.member_id:
            refs.append(member_ref(str(entry.org_id), entry.member_id))
    names: dict[str, str] = {}
    members: dict[str, Member] = {}
    for item in table.batch_get([(ref.model, ref.pk, ref.sk) for ref in refs], consistent=False).values():
        if isinstance(item, Org):
            names[item.org_id] = item.name
        elif isinstance(item, Msp):
            names[item.pk.removeprefix(msp_pk(""))] = item.name
        elif isinstance(item, Member):
            members[item.member_id] = item
    return names, members
