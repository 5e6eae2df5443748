"""What there is to choose from for the clients of a draft."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations import seat_store
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.rollouts.drafts import store


@dataclass(frozen=True)
class GroupChoice:
    """A group's name, and where it is. `group_id` where the draft has one client only."""

    name: str
    group_id: str
    clients: list[str]


def own_ids(scope: Scope, org_ids: Sequence[str]) -> list[str]:
    return [org.org_id for org in store.own_clients(scope.msp_id, org_ids)]


def groups(scope: Scope, org_ids: Sequence[str]) -> list[GroupChoice]:
    """Of clients of this MSP, by name. Letter case counts, as it does when learners are looked for."""
    orgs = store.own_clients(scope.msp_id, org_ids)
    by_name: dict[str, GroupChoice] = {}
    for org in orgs:
        for group in structure_store.groups(org.org_id, consistent=False):
            choice = by_name.setdefault(group.name, GroupChoice(group.name, group.group_id, []))
            choice.clients.append(org.name)
    return sorted(by_name.values(), key=lambda choice: (choice.name.casefold(), choice.name))


def lacking(scope: Scope, org_ids: Sequence[str], course_ids: Sequence[str]) -> dict[str, list[str]]:
    """By course, the names of the clients that may not use it; a course that all may use is left out."""
    found: dict[str, list[str]] = {}
    for org in store.own_clients(scope.msp_id, org_ids):
        entitled = seat_store.entitled_courses(org.org_id)
        for course_id in course_ids:
            if course_id not in entitled:
                found.setdefault(course_id, []).append(org.name)
    return found
