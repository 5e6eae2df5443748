"""The job of an action on many people: it counts on, or acts on the next people, any number of times."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from chalicelib.core.errors import ConditionFailed, Conflict, Forbidden, NotFound, Unavailable
from chalicelib.jobs import due, queue
from chalicelib.people.bulk_actions import counting, store
from chalicelib.people.bulk_actions.messages import RunBulkAction
from chalicelib.people.bulk_actions.models import BulkAction
from chalicelib.people.bulk_actions.states import NEEDS, BulkKind, BulkStatus, Code
from chalicelib.people.invitations import resend_cancel
from chalicelib.people.invitations.schemas import ChangedInvites
from chalicelib.people.invitations.states import Code as InvitationCode
from chalicelib.people.members import archive
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope


def run(job: RunBulkAction, now: datetime) -> None:
    action = store.find(job.org_id, job.action_id, now)
    if action is None or job.due_at not in (action.created_at, action.run_at):
        due.close(job)
    elif action.status == BulkStatus.COUNTING:
        if counting.count_on(action):
            queue.send_soon(job)
    elif action.status == BulkStatus.RUNNING and job.due_at == action.run_at:
        _act(action, job, now)


def _act(action: BulkAction, job: RunBulkAction, now: datetime) -> None:
    """On the people of one part: who was acted on by an earlier delivery is done already."""
    part = store.part(action, int(action.parts_done))
    if part is None:
        store.end_empty(action)
        return
    waiting = [member_id for member_id, code in part.results if code == Code.WAITS]
    if not _may_still(action):
        done = dict.fromkeys(waiting, str(Code.NOT_ALLOWED))
    elif action.action_kind == BulkKind.ARCHIVE:
        done = _archived(action, waiting, now)
    else:
        done = _changed(action, waiting, now)
    results = [(member_id, done.get(member_id, code)) for member_id, code in part.results]
    counts = Counter(code == Code.DONE for code in done.values())
    try:
        store.finish_part(action, results, counts)
    except ConditionFailed:
        # Another delivery did it, and goes on.
        return
    if int(action.parts_done) + 1 < int(action.num_parts):
        queue.send_soon(job)


def _changed(action: BulkAction, member_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Sent again, or cancelled."""
    scope, seed = _scope(action), action.action_id
    try:
        if action.action_kind == BulkKind.RESEND:
            changed = resend_cancel.resend(scope, member_ids, bool(action.clear_blocked), seed, now)
        else:
            changed = resend_cancel.cancel(scope, member_ids, seed, now)
    except Conflict:
        # The organization was closed meanwhile.
        return dict.fromkeys(member_ids, str(Code.CLOSED))
    return _codes(changed)


def _codes(changed: ChangedInvites) -> dict[str, str]:
    return {one.member_id: str(Code.DONE if one.done else one.code) for one in changed.results}


def _archived(action: BulkAction, member_ids: Sequence[str], now: datetime) -> dict[str, str]:
    scope, codes = _scope(action), {}
    for member_id in member_ids:
        try:
            archive.archive(scope, member_id, action.action_id, now)
        except (NotFound, Forbidden):
            codes[member_id] = str(InvitationCode.NOT_THERE)
        except Conflict:
            codes[member_id] = str(Code.NOT_ACTIVE)
        except Unavailable as error:
            if error.code != "archiving":
                raise
            codes[member_id] = str(Code.BEING_ARCHIVED)
        else:
            codes[member_id] = str(Code.DONE)
    return codes


def _may_still(action: BulkAction) -> bool:
    """Whether who said so still has the right to, in all the departments it is for. Asked with every part.

    Of an admin who was removed, thousands of people may be left: what somebody did in anger ends with their rights.
    """
    try:
        scope = access.org_or_departments(str(action.run_by), action.org_id, NEEDS[BulkKind(action.action_kind)])
    except (Forbidden, NotFound):
        return False
    if scope.department_ids is None:
        return True
    return action.department_ids is not None and scope.department_ids >= frozenset(action.department_ids)


def _scope(action: BulkAction) -> Scope:
    """Of who said so, within the departments that they were limited to."""
    limits = None if action.department_ids is None else frozenset(action.department_ids)
    return Scope(str(action.run_by), action.msp_id, action.org_id, limits)
