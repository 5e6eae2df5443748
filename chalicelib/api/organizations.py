"""HTTP: client organizations, for their MSP and for themselves."""

from dataclasses import replace
from typing import Any

from chalicelib.people.members import service as members
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins import service as admins
from chalicelib.tenants.organizations import service as organizations
from chalicelib.tenants.organizations.schemas import (
    ClientOut,
    ClientPage,
    OrgCreate,
    OrgPatch,
    OrgQuery,
    SettingsOut,
    SettingsPatch,
    TrainingAccess,
    TrainingAccessOut,
)
from chalicelib.tenants.structure import service as structure
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Organizations", __name__, needs=Permission.CLIENTS)


@routes.add("GET", "/msp/organizations", summary="Clients of the MSP", answer=ClientPage, query=OrgQuery)
def list_organizations(call: Call[Empty, OrgQuery]) -> ClientPage:
    return organizations.page(_msp(call), call.query, Pager.of(call))


@routes.add(
    "POST",
    "/msp/organizations",
    summary="Create a client",
    answer=ClientOut,
    body=OrgCreate,
    status=201,
    idempotent=True,
)
def create_organization(call: Call[OrgCreate, Empty]) -> ClientOut:
    scope = _msp(call)
    return idempotent(call, ClientOut, lambda seed: organizations.create(scope, call.body, seed, call.now))


@routes.add("PATCH", "/msp/organizations/{org_id}", summary="Change a client", answer=ClientOut, body=OrgPatch)
def change_organization(call: Call[OrgPatch, Empty]) -> ClientOut:
    return organizations.change_client(_client(call), call.body, call.now)


@routes.add(
    "POST", "/msp/organizations/{org_id}/close", summary="Close a client", answer=ClientOut, status=202, idempotent=True
)
def close_organization(call: Call[Empty, Empty]) -> ClientOut:
    """Nothing new starts there, and its people are archived, in the background. Its records stay readable."""
    scope = _client(call)
    return idempotent(call, ClientOut, lambda _: organizations.close(scope, call.now))


@routes.add(
    "POST", "/msp/organizations/{org_id}/open", summary="Open a closed client again", answer=ClientOut, idempotent=True
)
def open_organization(call: Call[Empty, Empty]) -> ClientOut:
    """Its people stay archived; each can be invited again."""
    scope = _client(call)
    return idempotent(call, ClientOut, lambda _: organizations.open_again(scope, call.now))


@routes.add("DELETE", "/msp/organizations/{org_id}", summary="Delete an empty client", answer=None, status=204)
def delete_organization(call: Call[Empty, Empty]) -> None:
    """409 `in_use`, saying by what, once it has people, batches, admins, groups, departments or locations."""
    organizations.delete(_client(call), [members.any_of, structure.any_of, admins.any_of], call.now)


@routes.add(
    "PUT", "/msp/organizations/{org_id}/training-access", summary="Provision training access",
    answer=TrainingAccessOut, body=TrainingAccess,
)  # fmt: skip
def provision(call: Call[TrainingAccess, Empty]) -> TrainingAccessOut:
    """What was provisioned before is replaced."""
    return organizations.provision(_client(call), call.body, call.now)


@routes.add(
    "GET", "/msp/organizations/{org_id}/training-access", summary="A client's training access",
    answer=TrainingAccessOut,
)  # fmt: skip
def training_access(call: Call[Empty, Empty]) -> TrainingAccessOut:
    """As it was provisioned, so that a form can show it before it is replaced."""
    return organizations.training_access(_client(call))


@routes.add(
    "DELETE", "/msp/organizations/{org_id}/training-access", summary="Withdraw training access", answer=None, status=204
)
def withdraw(call: Call[Empty, Empty]) -> None:
    """Courses and reply-to address go; what was assigned stays."""
    organizations.withdraw(_client(call), call.now)


@routes.add(
    "GET", "/orgs/{org_id}", summary="Settings of the organization", answer=SettingsOut, needs=Permission.SETTINGS
)
def read_settings(call: Call[Empty, Empty]) -> SettingsOut:
    return organizations.settings(_org(call))


@routes.add(
    "PATCH",
    "/orgs/{org_id}",
    summary="Change settings",
    answer=SettingsOut,
    body=SettingsPatch,
    needs=Permission.SETTINGS,
)
def change_settings(call: Call[SettingsPatch, Empty]) -> SettingsOut:
    return organizations.change_settings(_org(call), call.body, call.now)


def _msp(call: Call[Any, Any]) -> Scope:
    return access.msp(call.account_id, call.needs, call.msp_id)


def _client(call: Call[Any, Any]) -> Scope:
    """The client named in the path. Whether it is one of this MSP's shows when it is read under its key."""
    return replace(_msp(call), org_id=call.params["org_id"])


def _org(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)
