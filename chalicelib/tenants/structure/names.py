"""What groups, departments and locations have in common: names that are unique, and no deletion while in use."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from chalicelib.core.errors import ConditionFailed, Conflict, FieldError
from chalicelib.jobs import due
from chalicelib.jobs.job import DueJob
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.structure import store
from chalicelib.tenants.structure.models import Group, Location
from chalicelib.tenants.structure.states import DEPARTMENT

# What uses an item, given organization, kind and id: nouns for a sentence, such as "members", "open invitations".
Uses = Callable[[str, str, str], Sequence[str]]


def audit_entry(
    scope: Scope,
    kind: str,
    verb: str,
    item_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    return AuditEntry(scope.account_id, f"{kind}.{verb}", f"{kind}/{item_id}", before, after)


def name_taken(kind: str) -> Conflict:
    where = "under this parent" if kind == DEPARTMENT else "in this organization"
    problem = f"There is already a {kind} {where} with this name."
    return Conflict("name_taken", problem, [FieldError("name", "name_taken", problem)])


def refuse_while_used(uses: Sequence[Uses], org_id: str, kind: str, item_id: str, more: Sequence[str] = ()) -> None:
    """Raises Conflict that names everything that uses the item.

    Something may start to use it between this check and the deletion. It then names an id under which there is
    nothing, which shows as no group, department or location.
    """
    used_by = [*more, *(use for uses_of in uses for use in uses_of(org_id, kind, item_id))]
    if used_by:
        raise Conflict("in_use", f"This {kind} is in use: {', '.join(used_by)}.", extra={"used_by": used_by})


def create(scope: Scope, kind: str, item_id: str, item: Group | Location, after: dict[str, Any], now: datetime) -> bool:
    """Create a group or a location. False when an earlier try of the same request created it."""
    writes = store.create_writes(scope.org, kind, item_id, item)
    try:
        audit.commit(scope.tenant_pk, audit_entry(scope, kind, "created", item_id, after=after), writes, now)
    except ConditionFailed as error:
        # The id is derived from the request's seed: no other request can have taken it.
        if 0 in error.failed:
            return False
        raise name_taken(kind) from None
    return True


def change(
    scope: Scope,
    kind: str,
    item_id: str,
    item: Group | Location,
    patch: Mapping[str, Any],
    now: datetime,
    event: DueJob | None = None,
    more_after: Mapping[str, Any] = MappingProxyType({}),
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Change a group or a location; `item` has the new values afterwards.

    `beside` are attributes that follow from the change and are not in the audit trail. `event` is published even if no
    value changes; `more_after` joins the new values in the audit entry.
    """
    changes = {name: value for name, value in patch.items() if getattr(item, name) != value}
    if not changes and event is None:
        return
    before = {name: getattr(item, name) for name in changes}
    writes = store.change_writes(scope.org, kind, item_id, item, {**changes, **beside} if changes else {})
    if "name" in changes:
        # A rollout may be targeted at groups by their names.
        writes.append(bump_revision(scope.org, "people"))
    if event is not None:
        writes.append(due.write(event))
    entry = audit_entry(scope, kind, "changed", item_id, before or None, {**changes, **more_after})
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        if "name" in changes and 1 in error.failed:
            raise name_taken(kind) from None
        raise
    for name, value in changes.items():
        setattr(item, name, value)


def delete(
    scope: Scope, kind: str, item_id: str, item: Group | Location, before: dict[str, Any], now: datetime
) -> None:
    writes = store.delete_writes(scope.org, kind, item)
    audit.commit(scope.tenant_pk, audit_entry(scope, kind, "deleted", item_id, before), writes, now)
