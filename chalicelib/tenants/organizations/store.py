"""Reads and writes of organizations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from chalicelib.aws import table
from chalicelib.aws.table import Item, Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import SELF_SK, OrgPointer, msp_pk, org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, org_sk

I = TypeVar("I", bound=Item)  # noqa: E741


def org(msp_id: str, org_id: str) -> Org | None:
    return table.get(Org, msp_pk(msp_id), org_sk(org_id))


def orgs(msp_id: str, limit: int, after: str | None) -> Page[Org]:
    return table.query(Org, msp_pk(msp_id), prefix=org_sk(""), limit=limit, after=after)


def entitlements(org_id: str) -> Entitlements:
    """Empty when the client has none yet."""
    found = table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK)
    return found or Entitlements(org_pk(org_id), ENTITLEMENTS_SK, seats_by_course={})


def seats_of(known: Entitlements) -> dict[str, int]:
    """Seats by course id, 0 for as many as wanted."""
    return dict(known.seats_by_course.as_dict())  # type: ignore[no-untyped-call]


def create_writes(new: Org) -> Sequence[Write]:
    """ConditionFailed when the id is taken."""
    return put_new(new), put_new(OrgPointer(org_pk(new.org_id), SELF_SK, msp_id=new.msp_id))


def entitle_write(known: Entitlements, seats_by_course: Mapping[str, int]) -> Write:
    """Replace the entitlements that were read. ConditionFailed when they are others by now."""
    unchanged = Entitlements.seats_by_course == known.seats_by_course
    if not seats_of(known):
        unchanged = unchanged | Entitlements.pk.does_not_exist()
    return Write("put", Entitlements(known.pk, known.sk, seats_by_course=dict(seats_by_course)), unchanged)


def change_write(known: Item, changes: Mapping[str, Any], *, unchanged: Iterable[str] = ()) -> Write:
    """Set attributes to other values, None for away.

    ConditionFailed when one of them, or of those named in `unchanged`, is not as it was read: what the
    audit trail says of the time before is then true.
    """
    model = type(known)
    condition = model.pk.exists()
    for name in {*changes, *unchanged}:
        attribute, value = getattr(model, name), getattr(known, name)
        condition = condition & (attribute.does_not_exist() if value is None else attribute == value)
    actions = [
        getattr(model, name).remove() if value is None else getattr(model, name).set(value)
        for name, value in changes.items()
    ]
    return Write("update", known, condition, tuple(actions))
