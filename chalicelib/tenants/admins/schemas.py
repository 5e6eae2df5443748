"""What the routes of admins take and answer."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import AccountEmail
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, Line
from chalicelib.tenants.access.permissions import CHOOSABLE
from chalicelib.tenants.access.states import Permission, Role
from chalicelib.web.schemas import Form, left_out, when

MAX_DEPARTMENTS = 50


_CHOICE = {"enum": sorted(CHOOSABLE)}


def _choosable(permissions: list[Permission]) -> list[Permission]:
    if not CHOOSABLE.issuperset(permissions):
        choice = ", ".join(sorted(CHOOSABLE))
        raise PydanticCustomError("not_choosable", "Choose among {choice}.", {"choice": choice})
    return sorted(set(permissions))


class AppointMspAdmin(Form):
    email: AccountEmail


class AppointOrgAdmin(Form):
    """A department admin has departments. A custom role is one that is kept (`role_id`), or chosen `permissions`.

    With departments it is limited to these, and then cannot have what concerns the whole organization.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                when(
                    "role",
                    [Role.DEPARTMENT_ADMIN],
                    {"required": ["department_ids"], "properties": {"department_ids": {"minItems": 1}}},
                ),
                when("role", [Role.ORG_ADMIN], {"properties": {"department_ids": {"maxItems": 0}}}),
                when(
                    "role",
                    [Role.CUSTOM],
                    {
                        "oneOf": [
                            {
                                "required": ["permissions"],
                                "properties": {
                                    "permissions": {"minItems": 1, "items": _CHOICE},
                                    "role_id": {"type": "null"},
                                },
                            },
                            {
                                "required": ["role_id"],
                                "properties": {"permissions": {"maxItems": 0}, "role_id": {"type": "string"}},
                            },
                        ]
                    },
                ),
                when(
                    "role",
                    [Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN],
                    {"properties": {"permissions": {"maxItems": 0}, "role_id": {"type": "null"}}},
                ),
            ]
        }
    )

    email: AccountEmail
    role: Literal[Role.ORG_ADMIN, Role.DEPARTMENT_ADMIN, Role.CUSTOM]
    department_ids: Annotated[list[Id], Field(max_length=MAX_DEPARTMENTS, validate_default=True)] = []
    role_id: Id | None = None
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
        role_id = info.data.get("role_id")
        if role != Role.CUSTOM and (permissions or role_id):
            raise PydanticCustomError("not_of_this_role", "Permissions can only be chosen for a custom role.")
        if role == Role.CUSTOM and bool(permissions) == bool(role_id):
            raise PydanticCustomError("required", "Choose either a saved role or at least one permission.")
        return _choosable(permissions)


class RoleCreate(Form):
    name: Line
    permissions: Annotated[list[Permission], Field(min_length=1), AfterValidator(_choosable)]


class RolePatch(Form):
    """What is left out stays."""

    name: Line = left_out()
    permissions: Annotated[list[Permission], Field(min_length=1), AfterValidator(_choosable)] = left_out()


class CustomRoleOut(BaseModel):
    """`num_admins` hold it: what is changed here, they may from their next request on."""

    role_id: str
    name: str
    permissions: list[Permission]
    num_admins: int


class CustomRolePage(BaseModel):
    items: list[CustomRoleOut]
    next_cursor: str | None


class AdminOut(BaseModel):
    """`department_ids` is empty for a role that is not limited to departments. `permissions` are of a custom role."""

    account_id: str
    email: str
    role: Role
    department_ids: list[str]
    permissions: list[Permission]
    role_id: str | None = None
    appointed_at: str


class AdminPage(BaseModel):
    items: list[AdminOut]
    next_cursor: str | None
