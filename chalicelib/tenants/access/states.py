"""Roles and what each permits."""

from enum import StrEnum


class Role(StrEnum):
    MSP_ADMIN = "msp_admin"
    ORG_ADMIN = "org_admin"
    DEPARTMENT_ADMIN = "department_admin"
    CUSTOM = "custom"


class Permission(StrEnum):
    """What a route requires. A custom role is a set of those in CHOOSABLE."""

    CLIENTS = "clients"
    ROLLOUTS = "rollouts"
    MSP_ADMINS = "msp_admins"
    SETTINGS = "settings"
    STRUCTURE = "structure"
    MEMBERS_READ = "members_read"
    MEMBERS = "members"
    INVITES = "invites"
    TRAINING_READ = "training_read"
    RESULTS = "results"
    TRAININGS = "trainings"
    AUDIT = "audit"
    ORG_ADMINS = "org_admins"


ORG_PERMISSIONS = frozenset(
    {
        Permission.SETTINGS,
        Permission.STRUCTURE,
        Permission.MEMBERS_READ,
        Permission.MEMBERS,
        Permission.INVITES,
        Permission.TRAINING_READ,
        Permission.RESULTS,
        Permission.TRAININGS,
        Permission.AUDIT,
        Permission.ORG_ADMINS,
    }
)

# MSP admins may do all that organization admins may, in their clients.
MSP_PERMISSIONS = ORG_PERMISSIONS | {Permission.CLIENTS, Permission.ROLLOUTS, Permission.MSP_ADMINS}

DEPARTMENT_PERMISSIONS = frozenset({Permission.MEMBERS_READ, Permission.TRAINING_READ, Permission.RESULTS})

# Without appointing admins: a custom role could appoint an admin with all permissions.
CHOOSABLE = ORG_PERMISSIONS - {Permission.ORG_ADMINS}

PERMISSIONS_BY_ROLE = {
    Role.MSP_ADMIN: MSP_PERMISSIONS,
    Role.ORG_ADMIN: ORG_PERMISSIONS,
    Role.DEPARTMENT_ADMIN: DEPARTMENT_PERMISSIONS,
}
