"""Who appoints and removes admins, past the routes and Cognito."""

from typing import Any

from chalicelib.aws import table
from chalicelib.core.ids import new_id
from chalicelib.core.paging import Page
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import AccountEntry, CustomRole, Msp, OrgPointer, custom_role_sk
from chalicelib.tenants.access.permissions import PERMISSIONS_BY_ROLE
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Role
from chalicelib.tenants.admins import service
from chalicelib.tenants.admins.schemas import AdminOut, AppointOrgAdmin
from chalicelib.tenants.audit import store as audit_store
from chalicelib.tenants.audit.models import AuditRecord
from tests.harness import World

ANN = "ann@example.com"


class Office:
    """An MSP and a client. Accounts have the part of the address before the `@` as their id."""

    def __init__(self, world: World) -> None:
        self.world, self.msp_id = world, world.msp("Northwind")
        self.org_id = world.org(self.msp_id, "Acme", courses=[])
        all_of_them = PERMISSIONS_BY_ROLE[Role.MSP_ADMIN]
        self.msp = Scope("boss", self.msp_id, is_msp_admin=True, permissions=all_of_them)
        self.org = Scope("boss", self.msp_id, self.org_id, permissions=PERMISSIONS_BY_ROLE[Role.ORG_ADMIN])
        self.asked_for: list[tuple[str, str]] = []

    def account_for(self, email: str, _: Any, organization: str = "") -> str:
        self.asked_for.append((email, organization))
        return email.partition("@")[0].lower()

    def appoints(self, role: str = "org_admin", email: str = ANN, seed: str | None = None, **form: Any) -> AdminOut:
        said = AppointOrgAdmin(email=email, role=role, **form)
        return service.appoint_org_admin(self.org, said, seed or new_id(self.world.now), self.world.now)

    def appoints_at_msp(self, email: str = ANN, seed: str | None = None) -> AdminOut:
        return service.appoint_msp_admin(self.msp, email, seed or new_id(self.world.now), self.world.now)

    def dismisses(self, account_id: str = "ann", scope: Scope | None = None) -> None:
        service.dismiss(scope or self.org, account_id, self.world.now)

    def role(self, *permissions: str, role_id: str = "auditors") -> str:
        pk = self.org.tenant_pk
        table.put_if_new(CustomRole(pk, custom_role_sk(role_id), role_id=role_id, name="n", permissions=permissions))
        return role_id

    def num_holders(self, role_id: str = "auditors") -> int:
        role = access_store.custom_role(self.org_id, role_id)
        assert role is not None
        return int(role.num_admins)

    def entry(self, account_id: str = "ann") -> dict[str, Any]:
        (entry,) = access_store.entries_of(account_id)
        return _plain(entry)

    def told(self, scope: Scope | None = None) -> list[AuditRecord]:
        """The trail, the oldest first."""
        found: Page[AuditRecord] = audit_store.newest((scope or self.org).tenant_pk, 9, None)
        return list(reversed(found.items))

    def mails(self) -> list[dict[str, Any]]:
        return [item for item in self.world.dump("outbox") if item["pk"].startswith("MAIL#")]

    def num_admins(self, scope: Scope) -> int:
        model: type[Msp | OrgPointer] = OrgPointer if scope.org_id else Msp
        found = table.get(model, scope.tenant_pk, "A#MSP")
        assert found is not None
        return int(found.num_admins)


def _plain(entry: AccountEntry) -> dict[str, Any]:
    lists = {name: list(getattr(entry, name) or ()) for name in ("department_ids", "permissions")}
    return {"role": entry.role, "msp_id": entry.msp_id, "org_id": entry.org_id, "role_id": entry.role_id, **lists}
