"""How often the facts changed that a reviewed plan depends on: by client, and by kind of fact."""

from chalicelib.aws import table
from chalicelib.tenants.organizations.models import revisions_ref, seats_ref
from chalicelib.training.batches.schemas import Plan

# By client and kind: `people`, `enrollments`, `access`, `completions`.
Changes = dict[str, dict[str, int]]


def changes_of(plan: Plan) -> Changes:
    """One call for each 100 clients and pairs of client and course. Zeros for a client where nothing changed yet.

    Of enrollments, those in the plan's courses count.
    """
    org_ids = [org.org_id for org in plan.orgs]
    course_ids = [course.course_id for course in plan.courses]
    refs = {org_id: [seats_ref(org_id, course_id) for course_id in course_ids] for org_id in org_ids}
    found = table.fetch_mixed([*map(revisions_ref, org_ids), *(ref for seats in refs.values() for ref in seats)])
    changes: Changes = {}
    for org_id in org_ids:
        revisions = found.get(revisions_ref(org_id))
        seats = [one for ref in refs[org_id] if (one := found.get(ref)) is not None]
        changes[org_id] = {
            "people": int(revisions.people) if revisions else 0,
            "enrollments": sum(int(one.changes) for one in seats),
            "access": int(revisions.access) if revisions else 0,
            "completions": int(revisions.completions) if revisions else 0,
        }
    return changes
