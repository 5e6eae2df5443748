"""Roles and permissions by name. Who has which permission is in `permissions`."""

from enum import StrEnum


class Role(StrEnum):
    MSP_ADMIN = "msp_admin"
    ORG_ADMIN = "org_admin"
    DEPARTMENT_ADMIN = "department_admin"
    CUSTOM = "custom"


class Permission(StrEnum):
    """What a route requires; `permissions.TABLE` says what each means."""

    CLIENTS = "clients"
    ROLLOUTS = "rollouts"
    MSP_ADMINS = "msp_admins"
    SETTINGS = "settings"
    STRUCTURE = "structure"
    STRUCTURE_READ = "structure_read"
    MEMBERS_READ = "members_read"
    MEMBERS = "members"
    INVITES = "invites"
    TRAINING_READ = "training_read"
    TRAINING = "training"
    RESULTS = "results"
    TRAININGS = "trainings"
    AUDIT = "audit"
    ORG_ADMINS = "org_admins"


class Reach(StrEnum):
    """How little a role with the permission may be limited to."""

    MSP = "msp"
    ORGANIZATION = "organization"
    DEPARTMENTS = "departments"
