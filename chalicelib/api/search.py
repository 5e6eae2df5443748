"""HTTP: advanced search, and filters that are kept."""

from typing import Any

from chalicelib.people.search import kept_filters, service
from chalicelib.people.search.schemas import (
    Filter,
    FilterCreate,
    FilterOut,
    FilterPage,
    FilterPatch,
    SearchOut,
    SearchPage,
)
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Search", __name__, needs=Permission.MEMBERS_READ, limited=True)

_FILTERS = "/orgs/{org_id}/filters"


@routes.add(
    "POST", "/orgs/{org_id}/members/search", summary="Search people by a filter", answer=SearchPage, body=Filter,
    query=PageQuery,
)  # fmt: skip
def search_members(call: Call[Filter, PageQuery]) -> SearchPage:
    """Who may see some departments only finds their people, and those of the departments below, whatever it says."""
    # A cursor is of one filter.
    pager = Pager(call.account_id, f"{call.route} {call.body.model_dump_json()}", call.query)
    return service.page(_scope(call), call.body, pager, call.now)


@routes.add(
    "GET", "/orgs/{org_id}/searches/{search_id}", summary="How many match, when it took long", answer=SearchOut
)  # fmt: skip
def read_search(call: Call[Empty, Empty]) -> SearchOut:
    return service.number_of(_scope(call), call.params["search_id"], call.now)


@routes.add("GET", _FILTERS, summary="Filters that are kept", answer=FilterPage, query=PageQuery)
def list_filters(call: Call[Empty, PageQuery]) -> FilterPage:
    """Of the organization; who may see some departments only sees their own filters."""
    return kept_filters.page(_scope(call), Pager.of(call))


@routes.add(
    "POST", _FILTERS, summary="Keep a filter under a name", answer=FilterOut, body=FilterCreate, status=201,
    idempotent=True,
)  # fmt: skip
def create_filter(call: Call[FilterCreate, Empty]) -> FilterOut:
    scope = _scope(call)
    return idempotent(call, FilterOut, lambda seed: kept_filters.create(scope, call.body, seed, call.now))


@routes.add("PATCH", _FILTERS + "/{filter_id}", summary="Change a filter", answer=FilterOut, body=FilterPatch)
def change_filter(call: Call[FilterPatch, Empty]) -> FilterOut:
    """One's own; those who may change the organization's structure change all."""
    return kept_filters.change(_scope(call), call.params["filter_id"], call.body, call.now)


@routes.add("DELETE", _FILTERS + "/{filter_id}", summary="Delete a filter", answer=None, status=204)
def delete_filter(call: Call[Empty, Empty]) -> None:
    kept_filters.delete(_scope(call), call.params["filter_id"], call.now)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)
