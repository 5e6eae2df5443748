"""A dry run: counted in the background, it changes nothing. Its plan has an id that a launch can quote."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.core.ids import time_of
from chalicelib.jobs import activity_store, queue
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations import store as organizations_store
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.seat_store import entitled_courses, seat_limit, seats_taken
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.local_dates import due_instant, enroll_instant, parse_hour
from chalicelib.training.batches.recipients import member_ids, resolved
from chalicelib.training.batches.schemas import Plan, PlannedCourse
from chalicelib.training.batches.states import LIVE, Code, EnrollmentStatus
from chalicelib.training.rollouts import form, preview_store
from chalicelib.training.rollouts.changes_store import changes_of
from chalicelib.training.rollouts.form import CheckedForm
from chalicelib.training.rollouts.messages import PreviewJob
from chalicelib.training.rollouts.schemas import PreviewCourse, PreviewOrg, PreviewOut, WizardForm

_READ = 100

# Every recipient counts as one of these.
_VERDICTS = ("will_enroll", "no_seat", "already_enrolled", "already_completed", "no_access")

# Learners whom one message counts: some seconds of reads, so that several fit into a worker's 120.
_PER_MESSAGE = 10_000


def preview(scope: Scope, body: WizardForm, plan_id: str, now: datetime) -> PreviewOut:
    """Check the form, keep the plan, queue the counting: one message per client and course."""
    form.check_size(body)
    checked = form.checked(scope, body, now)
    plan = checked.plan
    changes = changes_of(plan)
    # By the id's own time, so that the same request again writes the same line.
    started = activity_store.write(
        scope.msp_id, scope.account_id, ActivityKind.PREVIEW, plan_id, time_of(plan_id), org_id=scope.org_id
    )
    preview_store.save(scope.msp_id, plan_id, _comparable(body), plan.model_dump(mode="json"), changes, started, now)
    queue.send(
        PreviewJob(msp_id=scope.msp_id, plan_id=plan_id, org_id=org.org_id, course_id=course.course_id)
        for org in plan.orgs
        for course in plan.courses
    )
    return state(scope, plan_id, now)


def state(scope: Scope, plan_id: str, now: datetime) -> PreviewOut:
    """What is counted so far. Raises NotFound once the plan's hour is over."""
    item = preview_store.find(scope.msp_id, plan_id, now)
    plan = Plan.model_validate(item.plan) if item is not None else None
    if item is None or plan is None or not _is_of(scope, plan):
        raise NotFound("This plan does not exist or has expired")
    counts = preview_store.counts(scope.msp_id, plan_id)
    orgs = [
        PreviewOrg(
            org_id=org.org_id,
            name=org.name,
            courses=[
                PreviewCourse.model_validate(counts[org.org_id, course.course_id])
                for course in plan.courses
                if (org.org_id, course.course_id) in counts
            ],
        )
        for org in plan.orgs
    ]
    is_ready = len(counts) == len(plan.orgs) * len(plan.courses)
    return PreviewOut(
        plan_id=plan_id,
        status="ready" if is_ready else "running",
        expires_at=to_text(preview_store.expires_at(item)),
        organizations=orgs,
    )


def count(job: PreviewJob, now: datetime) -> None:
    """Count one course of one client, page by page; counting again puts the same count in its place."""
    item = preview_store.find(job.msp_id, job.plan_id, now)
    org = organizations_store.org(job.msp_id, job.org_id)
    if item is None or org is None:
        observability.info("plan is over", plan_id=job.plan_id)
        return
    plan = Plan.model_validate(item.plan)
    course = next((course for course in plan.courses if course.course_id == job.course_id), None)
    if course is None or job.org_id not in {planned.org_id for planned in plan.orgs}:
        observability.warning("count of what is not in the plan", plan_id=job.plan_id)
        return
    counting = _Counting(plan, org, course, job)
    position = counting.page()
    if position is not None:
        queue.send([job.model_copy(update={"position": position, "numbers": dict(counting.numbers)})])
        return
    count = counting.result(to_instant(item.made_at))
    preview_store.put_count(job.msp_id, job.plan_id, job.org_id, job.course_id, count.model_dump(mode="json"), now)


def on_dead_letter(job: PreviewJob, now: datetime) -> None:
    """The count says that it is not known, unless one of the deliveries stored it."""
    item = preview_store.find(job.msp_id, job.plan_id, now)
    if item is None:
        return
    plan = Plan.model_validate(item.plan)
    title = next(course.title for course in plan.courses if course.course_id == job.course_id)
    count = PreviewCourse(course_id=job.course_id, title=title, code=Code.PROCESSING_FAILED).model_dump(mode="json")
    preview_store.put_count(job.msp_id, job.plan_id, job.org_id, job.course_id, count, now, if_none=True)


def quoted_plan(scope: Scope, body: WizardForm, now: datetime) -> preview_store.PlanItem | None:
    """The plan that a launch quotes; None when it quotes none. Raises Invalid when it is over, or of another form."""
    if body.plan_id is None:
        return None
    item = preview_store.find(scope.msp_id, body.plan_id, now)
    if item is None or not _is_of(scope, Plan.model_validate(item.plan)):
        problem = "This plan doesn't exist or is older than an hour. Please preview again."
        raise Invalid(FieldError("plan_id", "unknown_plan", problem))
    if item.launch != _comparable(body):
        problem = "This plan is for a different form. Preview this one, or leave the plan out."
        raise Invalid(FieldError("plan_id", "plan_differs", problem))
    return item


def refuse_changes(item: preview_store.PlanItem, body: WizardForm, checked: CheckedForm) -> None:
    """Raise Conflict `plan_changed` when facts that immediate courses depend on have changed since the preview."""
    plan = Plan.model_validate(item.plan)
    is_immediate = any(course.enroll_on is None for course in plan.courses)
    if body.accept_changes or not is_immediate:
        return
    changes = {
        org_id: sorted(kind for kind in latest if latest[kind] != item.revisions[org_id][kind])
        for org_id, latest in changes_of(checked.plan).items()
    }
    if plan.targeting != checked.plan.targeting:
        # The form is the same: the filter that it names says something else by now.
        changes = {org_id: [*kinds, "filter"] for org_id, kinds in changes.items()}
    # Who has a course is not enrolled, before and after completing it, unless completed courses are taken again:
    # completions alone are no reason to refuse. Beside another reason they are named, for they change the counts.
    harmless = [] if plan.reenroll_completed else ["completions"]
    differences = [{"org_id": org_id, "changed": kinds} for org_id, kinds in changes.items() if kinds]
    if any(kinds and kinds != harmless for kinds in changes.values()):
        problem = "Something has changed since the preview. Preview again, or launch with accept_changes."
        raise Conflict("plan_changed", problem, extra={"differences": differences})


def _is_of(scope: Scope, plan: Plan) -> bool:
    """An organization's plan is its own, and who is limited to departments has those made under the same limits."""
    if scope.org_id is None:
        return plan.launched_by == "msp"
    within = None if scope.department_ids is None else sorted(scope.department_ids)
    return [org.org_id for org in plan.orgs] == [scope.org_id] and (within is None or plan.within == within)


def _comparable(body: WizardForm) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude={"plan_id", "accept_changes"})


class _Counting:
    """One course of one client, from where a message begins."""

    def __init__(self, plan: Plan, org: Org, course: PlannedCourse, job: PreviewJob) -> None:
        self._plan, self._org, self._course, self._job = plan, org, course, job
        self._resolved = resolved(plan, org.org_id)
        self._recipients = self._resolved.recipients
        self.numbers = Counter(job.numbers)

    def page(self) -> str | None:
        """Count as many as one message may. Gives the position where the next message begins, None at the end."""
        org_id, course_id = self._org.org_id, self._course.course_id
        ids = member_ids(self._recipients, self._job.position)
        if course_id not in entitled_courses(org_id):
            self.numbers["no_access"] = sum(1 for _ in ids)
            return None
        limit = seat_limit(org_id, course_id) or 0
        free = max(0, limit - seats_taken(org_id, course_id)) if limit else None
        num_counted, last = 0, None
        for part in _parts(islice(ids, _PER_MESSAGE)):
            _count_part(self._plan, org_id, course_id, part, free, self.numbers)
            num_counted, last = num_counted + len(part), part[-1]
        return last if num_counted == _PER_MESSAGE else None

    def result(self, made_at: datetime) -> PreviewCourse:
        org, course, zone = self._org, self._course, zone_of(self._org)
        numbers = dict(self.numbers)
        if self._recipients.exclude:
            everybody = sum(1 for _ in member_ids(self._resolved.everybody))
            numbers["excluded"] = max(0, everybody - sum(numbers.get(name, 0) for name in _VERDICTS))
        return PreviewCourse(
            course_id=course.course_id,
            title=course.title,
            enroll_at=to_text(enroll_instant(course.enroll_on, parse_hour(org.enroll_hour), zone, made_at)),
            due_at=to_text(due_instant(course.due_by, zone)) if course.due_by else None,
            groups_missing=bool(self._resolved.missing_groups),
            missing_groups=list(self._resolved.missing_groups),
            **numbers,
        )


def _count_part(
    plan: Plan, org_id: str, course_id: str, ids: Sequence[str], free: int | None, numbers: Counter[str]
) -> None:
    """As the chunks would decide, in the same order of member ids."""
    existing = enrollment_store.enrollments_in(org_id, course_id, ids, consistent=False)
    enrolled = []
    for member_id in ids:
        status = existing[member_id].status if member_id in existing else None
        if status in LIVE:
            numbers["already_enrolled"] += 1
        elif status == EnrollmentStatus.COMPLETED and not plan.reenroll_completed:
            numbers["already_completed"] += 1
        elif free is not None and numbers["will_enroll"] >= free:
            numbers["no_seat"] += 1
        else:
            numbers["will_enroll"] += 1
            enrolled.append(member_id)
    if plan.notifications.enrollment and enrolled:
        members = members_store.members_by_id(org_id, enrolled)
        numbers["would_be_mailed"] += sum(bool(member.email) for member in members.values())


def _parts(ids: Iterator[str]) -> Iterator[list[str]]:
    while part := list(islice(ids, _READ)):
        yield part
