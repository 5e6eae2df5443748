"""Whom an action reaches: everybody who matches, one page of the search after the other, each with what is in the way.

A step and how far counting has come are one transaction: of two deliveries one counts, and nobody is counted twice.
"""

from collections.abc import Sequence

from chalicelib.core.errors import ConditionFailed
from chalicelib.people.bulk_actions import store
from chalicelib.people.bulk_actions.models import BulkAction
from chalicelib.people.bulk_actions.states import BulkKind, Code
from chalicelib.people.invitations import resend_cancel
from chalicelib.people.invitations.states import Code as InvitationCode
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.reach import is_within
from chalicelib.people.members.states import MemberStatus
from chalicelib.people.search.schemas import Filter
from chalicelib.people.search.search import Search, criteria_of
from chalicelib.tenants.access.service import Scope

# Of one step: 20 parts of people, and up to 20 reads.
_PER_STEP = 500

# Steps of a request, and of a message.
_STEPS_NOW, _STEPS = 2, 10


def count_now(action: BulkAction) -> None:
    """As many as a request has time for."""
    _steps(action, _STEPS_NOW)


def count_on(action: BulkAction) -> bool:
    """Whether there are more."""
    return _steps(action, _STEPS)


def _steps(action: BulkAction, most: int) -> bool:
    limits = None if action.department_ids is None else frozenset(action.department_ids)
    criteria = criteria_of(action.org_id, Filter.model_validate(action.filter), limits)
    search = Search(action.org_id, criteria)
    for _ in range(most):
        page = search.page(_PER_STEP, action.position)
        found = [(member.member_id, why_not(action, member)) for member in page.items]
        try:
            store.add_people(action, found, page.next_position)
        except ConditionFailed:
            # Another delivery goes on.
            return False
        if page.next_position is None:
            return False
        again = store.find_as_written(action)
        if again is None:
            return False
        action = again
    return True


def named(action: BulkAction, member_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Who was named, each with what is in the way; who is not here, or out of reach, is among them."""
    limits = None if action.department_ids is None else frozenset(action.department_ids)
    scope = Scope(action.created_by, action.msp_id, action.org_id, limits)
    by_id = members_store.members_by_id(action.org_id, member_ids)
    found = []
    for member_id in dict.fromkeys(member_ids):
        member = by_id.get(member_id)
        is_here = member is not None and is_within(scope, member)
        found.append((member_id, why_not(action, member) if member and is_here else str(InvitationCode.NOT_THERE)))
    return found


def why_not(action: BulkAction, member: Member) -> str:
    """Why this person is left out; `waits` for who is not."""
    kind = BulkKind(action.action_kind)
    if kind == BulkKind.ARCHIVE:
        return str(Code.WAITS if member.status == MemberStatus.ACTIVE else Code.NOT_ACTIVE)
    if kind == BulkKind.CANCEL:
        code = resend_cancel.why_not_cancelled(member)
    else:
        code = resend_cancel.why_not_resent(member, bool(action.clear_blocked))
    return str(code or Code.WAITS)
