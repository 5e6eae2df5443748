"""What groups, departments and locations have in common: a name that is taken, and a use that forbids deletion."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from chalicelib.aws.table import Write, put_new
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations import store
from chalicelib.tenants.organizations.revisions import bump_revision
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.models import Group, Location

# The kinds, as name claims, audit targets and `Uses` call them.
GROUP, DEPARTMENT, LOCATION = "group", "department", "location"

# What uses the thing of this organization, kind and id, in words for a sentence: "members", "open invitations".
Uses = Callable[[str, str, str], Sequence[str]]

N = TypeVar("N", Group, Location)


def told(
    scope: Scope,
    kind: str,
    verb: str,
    thing_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """What the audit trail says of a change of structure."""
    return AuditEntry(scope.account_id, f"{kind}.{verb}", f"{kind}/{thing_id}", before, after)


def name_taken(kind: str) -> Conflict:
    where = "under this parent" if kind == DEPARTMENT else "in this organization"
    problem = f"Another {kind} {where} has this name."
    return Conflict("name_taken", problem, [FieldError("name", "name_taken", problem)])


def refuse_while_used(uses: Sequence[Uses], org_id: str, kind: str, thing_id: str, also: Sequence[str] = ()) -> None:
    """Raises Conflict that says everything by which the thing is in use.

    Somebody may put it to use between this look and the deletion that follows. What then names it finds
    nothing under the id, which shows as no group, department or location at all.
    """
    found = [*also, *(use for ask in uses for use in ask(org_id, kind, thing_id))]
    if found:
        raise Conflict("in_use", f"This {kind} is in use: {', '.join(found)}.", extra={"used_by": found})


def create(scope: Scope, kind: str, thing_id: str, made: N, after: dict[str, Any], now: datetime) -> bool:
    """Create a group or a location. False when an earlier try of the same request made it."""
    writes = [put_new(made), structure_store.claim_write(scope.org, kind, made.name, thing_id)]
    try:
        audit.commit(scope.tenant_pk, told(scope, kind, "created", thing_id, after=after), writes, now)
    except ConditionFailed as error:
        # Its id comes from the request's seed, so nobody else can have taken that.
        if 0 in error.failed:
            return False
        raise name_taken(kind) from None
    return True


def change(
    scope: Scope,
    kind: str,
    thing_id: str,
    known: N,
    given: Mapping[str, Any],
    now: datetime,
    also: Sequence[Write] = (),
    also_told: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Give a group or a location other values; `known` has them afterwards. `also` happens even if nothing changes."""
    changes = {name: value for name, value in given.items() if getattr(known, name) != value}
    if not changes and not also:
        return
    before = {name: getattr(known, name) for name in changes}
    writes: list[Write] = [store.change_write(known, changes)] if changes else []
    if "name" in changes:
        writes.append(structure_store.claim_write(scope.org, kind, changes["name"], thing_id))
        writes.append(structure_store.unclaim_write(scope.org, kind, known.name))
        # A rollout may be targeted at groups by their names.
        writes.append(bump_revision(scope.org, "people"))
    change = told(scope, kind, "changed", thing_id, before or None, {**changes, **also_told})
    try:
        audit.commit(scope.tenant_pk, change, [*writes, *also], now)
    except ConditionFailed as error:
        if "name" in changes and 1 in error.failed:
            raise name_taken(kind) from None
        raise
    for name, value in changes.items():
        setattr(known, name, value)


def delete(scope: Scope, kind: str, thing_id: str, known: N, before: dict[str, Any], now: datetime) -> None:
    writes = [
        Write("delete", known, type(known).name == known.name),
        structure_store.unclaim_write(scope.org, kind, known.name),
    ]
    audit.commit(scope.tenant_pk, told(scope, kind, "deleted", thing_id, before), writes, now)
