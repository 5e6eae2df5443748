"""Filters that are kept under a name.

Who is limited to departments sees and uses their own only: others may name people elsewhere. Whoever uses one matches
their own people with it.
"""

from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Forbidden, Invalid, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.core.paging import Page, filtered_page
from chalicelib.people.search import store
from chalicelib.people.search.models import KeptFilter, kept_filter_ref, kept_filter_sk
from chalicelib.people.search.schemas import Filter, FilterCreate, FilterOut, FilterPage, FilterPatch
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.web.paging import Pager

# Filters that one request of a limited list looks at: 500.
_PER_READ, _MAX_READS = 100, 5

KIND = "filter"


def resolved(scope: Scope, filter_: Filter, field: str = "filter_id") -> Filter:
    """What to filter by. Raises Invalid, at this field, when `filter_id` names none that the caller may use."""
    if filter_.filter_id is None:
        return filter_
    item = store.kept_filter(scope.org, filter_.filter_id)
    if item is None or not _is_visible(scope, item):
        raise Invalid(FieldError(field, "unknown_filter", "There is no such filter."))
    return Filter.model_validate(item.filter)


def page(scope: Scope, pager: Pager) -> FilterPage:
    def read(after: str | None) -> Page[KeptFilter]:
        return store.kept_filters(scope.org, _PER_READ, after)

    found = filtered_page(
        read, lambda item: _is_visible(scope, item), lambda item: item.sk, pager.limit, pager.position, _MAX_READS
    )
    return FilterPage(items=[_out(scope, item) for item in found.items], next_cursor=pager.cursor(found.next_position))


def create(scope: Scope, form: FilterCreate, seed: str, now: datetime) -> FilterOut:
    filter_id = derived_id(seed, KIND)
    ref = kept_filter_ref(scope.org, filter_id)
    item = KeptFilter(
        ref.pk, kept_filter_sk(filter_id), filter_id=filter_id, name=form.name, filter=_stored(form.filter),
        account_id=scope.account_id, created_at=to_text(now),
    )  # fmt: skip
    try:
        audit.commit(scope.tenant_pk, _entry(scope, "created", item), store.create_filter_writes(scope.org, item), now)
    except ConditionFailed as error:
        # The id is derived from the request's seed: an earlier try of the same request created it.
        if 0 in error.failed and (existing := store.kept_filter(scope.org, filter_id)):
            return _out(scope, existing)
        if 1 in error.failed:
            raise _name_taken() from None
        raise
    return _out(scope, item)


def change(scope: Scope, filter_id: str, form: FilterPatch, now: datetime) -> FilterOut:
    item = _mine(scope, filter_id)
    name = form.name if "name" in form.model_fields_set else item.name
    stored = _stored(form.filter) if "filter" in form.model_fields_set else item.filter
    if (name, stored) == (item.name, item.filter):
        return _out(scope, item)
    writes = store.change_filter_writes(scope.org, item, name, stored)
    try:
        audit.commit(scope.tenant_pk, _entry(scope, "changed", item), writes, now)
    except ConditionFailed as error:
        if name != item.name and 1 in error.failed:
            raise _name_taken() from None
        raise
    item.name, item.filter = name, stored
    return _out(scope, item)


def delete(scope: Scope, filter_id: str, now: datetime) -> None:
    item = _mine(scope, filter_id)
    writes = store.delete_filter_writes(scope.org, item)
    audit.commit(scope.tenant_pk, _entry(scope, "deleted", item), writes, now)


def _mine(scope: Scope, filter_id: str) -> KeptFilter:
    """For a change. Raises NotFound, and Forbidden for another's without the permission for the structure."""
    item = store.kept_filter(scope.org, filter_id)
    if item is None or not _is_visible(scope, item):
        raise NotFound("There is no such filter")
    if item.account_id != scope.account_id and Permission.STRUCTURE not in scope.permissions:
        raise Forbidden("Someone else created this filter.")
    return item


def _is_visible(scope: Scope, item: KeptFilter) -> bool:
    return scope.department_ids is None or item.account_id == scope.account_id


def _name_taken() -> Conflict:
    problem = "You already have a filter with this name."
    return Conflict("name_taken", problem, [FieldError("name", "name_taken", problem)])


def _stored(filter_: Filter) -> dict[str, object]:
    return filter_.model_dump(mode="json", exclude_defaults=True)


def _entry(scope: Scope, verb: str, item: KeptFilter) -> AuditEntry:
    """Without what it filters by, which may name people by what is theirs."""
    return AuditEntry(scope.account_id, f"{KIND}.{verb}", f"{KIND}/{item.filter_id}")


def _out(scope: Scope, item: KeptFilter) -> FilterOut:
    return FilterOut(
        filter_id=item.filter_id,
        name=item.name,
        filter=Filter.model_validate(item.filter),
        mine=item.account_id == scope.account_id,
        created_at=item.created_at,
    )
