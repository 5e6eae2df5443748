"""The one table of permissions: what each permits, how far it reaches, and which roles have it.

docs/permissions.md is written from it and from the routes (`python -m infra.permissions`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from chalicelib.tenants.access.states import Permission, Reach, Role

P = Permission

_MSP = frozenset({Role.MSP_ADMIN})
_ORG = frozenset({Role.MSP_ADMIN, Role.ORG_ADMIN})
_ALL = frozenset({Role.MSP_ADMIN, Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN})


@dataclass(frozen=True)
class Rule:
    """With the reach DEPARTMENTS, a role may have the permission for the people of some departments only.

    `roles` have it always; a custom role has it when it was chosen.
    """

    permits: str
    reach: Reach
    roles: frozenset[Role]
    # Who may change something may read it.
    includes: Permission | None = None


TABLE: Mapping[Permission, Rule] = {
    P.CLIENTS: Rule("clients: create, rename, provision; the course library", Reach.MSP, _MSP),
    P.ROLLOUTS: Rule("training across clients: launch, follow, change, export", Reach.MSP, _MSP),
    P.MSP_ADMINS: Rule("admins of the MSP: see, appoint, remove", Reach.MSP, _MSP),
    P.SETTINGS: Rule("settings of the organization and its join page", Reach.ORGANIZATION, _ORG),
    P.STRUCTURE: Rule("groups, departments, locations: create, change", Reach.ORGANIZATION, _ORG, P.STRUCTURE_READ),
    P.AUDIT: Rule("the audit trail, and evidence with the people in it", Reach.ORGANIZATION, _ORG),
    P.ORG_ADMINS: Rule("admins and custom roles: see, create, appoint, remove", Reach.ORGANIZATION, _ORG),
    P.STRUCTURE_READ: Rule("groups and locations to choose from, and one's departments", Reach.DEPARTMENTS, _ALL),
    P.MEMBERS_READ: Rule("people: list, search, read", Reach.DEPARTMENTS, _ALL),
    P.MEMBERS: Rule("people: create, change, move, archive", Reach.DEPARTMENTS, _ALL, P.MEMBERS_READ),
    P.INVITES: Rule("invitations, and uploads of a whole organization", Reach.DEPARTMENTS, _ALL),
    P.TRAINING_READ: Rule("courses, batches, enrollments, mails about them: read, export", Reach.DEPARTMENTS, _ALL),
    P.TRAINING: Rule("training: launch, change, cancel, undo, remind", Reach.DEPARTMENTS, _ALL, P.TRAINING_READ),
    P.RESULTS: Rule("results and due dates of people, progress that they offer", Reach.DEPARTMENTS, _ALL),
    P.TRAININGS: Rule("live trainings: create, change; enroll, move people", Reach.DEPARTMENTS, _ALL, P.TRAINING_READ),
}  # fmt: skip

PERMISSIONS_BY_ROLE: Mapping[Role, frozenset[Permission]] = {
    role: frozenset(permission for permission, rule in TABLE.items() if role in rule.roles)
    for role in (Role.MSP_ADMIN, Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN)
}

# A custom role is a set of these. Without appointing: who holds such a role could give away all that they lack.
CHOOSABLE = frozenset(name for name, rule in TABLE.items() if rule.reach != Reach.MSP) - {P.ORG_ADMINS}


def with_included(names: Collection[str]) -> frozenset[Permission]:
    """These permissions, and those that they include."""
    chosen = frozenset(Permission(name) for name in names)
    return chosen | {included for name in chosen if (included := TABLE[name].includes)}


def beyond_departments(permissions: Collection[str]) -> list[str]:
    """Those of these permissions that a role limited to departments cannot have."""
    return sorted(name for name in permissions if TABLE[Permission(name)].reach != Reach.DEPARTMENTS)
