"""What the routes of admins take and answer."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import AccountEmail
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.tenants.access.states import CHOOSABLE, Permission, Role
from chalicelib.web.schemas import Form

MAX_DEPARTMENTS = 50


class AppointMspAdmin(Form):
    email: AccountEmail


class AppointOrgAdmin(Form):
    """A department admin has departments; a custom role has permissions, and departments if it is limited to some."""

    email: AccountEmail
    role: Literal[Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN, Role.CUSTOM]
    department_ids: Annotated[list[Id], Field(max_length=MAX_DEPARTMENTS, validate_default=True)] = []
    permissions: Annotated[list[Permission], Field(max_length=len(CHOOSABLE), validate_default=True)] = []

    @field_validator("department_ids")
    @classmethod
    def _departments_fit_the_role(cls, ids: list[str], info: ValidationInfo) -> list[str]:
        role = info.data.get("role")
        if role == Role.DEPARTMENT_ADMIN and not ids:
            raise PydanticCustomError("required", "Choose at least one department.")
        if role == Role.ORG_ADMIN and ids:
            raise PydanticCustomError("not_of_this_role", "This admin manages all departments. Leave them out.")
        return sorted(set(ids))

    @field_validator("permissions")
    @classmethod
    def _permissions_fit_the_role(cls, permissions: list[Permission], info: ValidationInfo) -> list[Permission]:
        role = info.data.get("role")
        if role == Role.CUSTOM and not permissions:
            raise PydanticCustomError("required", "Choose at least one permission.")
        if role != Role.CUSTOM and permissions:
            raise PydanticCustomError("not_of_this_role", "Permissions can only be chosen for a custom role.")
        if not CHOOSABLE.issuperset(permissions):
            choice = ", ".join(sorted(CHOOSABLE))
            raise PydanticCustomError("not_choosable", "Choose from {choice}.", {"choice": choice})
        return sorted(set(permissions))


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
