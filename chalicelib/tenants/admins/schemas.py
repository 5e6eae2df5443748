"""What the routes of admins and the audit trail take and answer."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import AccountEmail
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.tenants.access.states import CHOOSABLE, Permission, Role

MAX_DEPARTMENTS = 50


class AppointMspAdmin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: AccountEmail


class AppointOrgAdmin(BaseModel):
    """A department admin has departments; a custom role has permissions, and departments if it is limited to some."""

    model_config = ConfigDict(extra="forbid")

    email: AccountEmail
    role: Literal[Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN, Role.CUSTOM]
    department_ids: Annotated[list[Id], Field(max_length=MAX_DEPARTMENTS, validate_default=True)] = []
    permissions: Annotated[list[Permission], Field(max_length=len(CHOOSABLE), validate_default=True)] = []

    @field_validator("department_ids")
    @classmethod
    def _departments_fit_the_role(cls, ids: list[str], info: ValidationInfo) -> list[str]:
        role = info.data.get("role")
        if role == Role.DEPARTMENT_ADMIN and not ids:
            raise PydanticCustomError("required", "Name at least one department.")
        if role == Role.ORG_ADMIN and ids:
            raise PydanticCustomError("not_of_this_role", "An organization admin has no departments.")
        return sorted(set(ids))

    @field_validator("permissions")
    @classmethod
    def _permissions_fit_the_role(cls, given: list[Permission], info: ValidationInfo) -> list[Permission]:
        role = info.data.get("role")
        if role == Role.CUSTOM and not given:
            raise PydanticCustomError("required", "Choose at least one permission.")
        if role != Role.CUSTOM and given:
            raise PydanticCustomError("not_of_this_role", "Only a custom role has chosen permissions.")
        if not CHOOSABLE.issuperset(given):
            choice = ", ".join(sorted(CHOOSABLE))
            raise PydanticCustomError("not_choosable", "Choose among {choice}.", {"choice": choice})
        return sorted(set(given))


class AdminOut(BaseModel):
    """`department_ids` is empty for a role that is not limited to departments."""

    account_id: str
    email: str
    role: Role
    department_ids: list[str]
    permissions: list[Permission]
    appointed_at: str


class AdminPage(BaseModel):
    items: list[AdminOut]
    next_cursor: str | None


class AuditEntryOut(BaseModel):
    """`actor` is an account. `before` and `after` hold the fields that changed."""

    number: int
    at: str
    actor: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class AuditPage(BaseModel):
    items: list[AuditEntryOut]
    next_cursor: str | None


class Verification(BaseModel):
    """`first_broken` is the number of the first entry that is missing, or not as it was written."""

    ok: bool
    num_entries: int
    first_broken: int | None


class Health(BaseModel):
    build: str
    stage: str
    table_answers: bool
