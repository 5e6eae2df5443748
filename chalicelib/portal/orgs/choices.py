"""What forms of an organization offer: its groups, departments, locations and courses."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses.schemas import CourseQuery
from chalicelib.tenants.organizations import own_courses
from chalicelib.tenants.structure import departments, service
from chalicelib.tenants.structure.schemas import DepartmentOut
from chalicelib.web.paging import MAX_LIMIT, Pager, every_item

_MOST = 500


def groups(scope: Scope) -> list[tuple[str, str]]:
    return _by_name((one.group_id, one.name) for one in every(lambda pager: service.groups(scope, pager)))


def locations(scope: Scope) -> list[tuple[str, str]]:
    return _by_name((one.location_id, one.name) for one in every(lambda pager: service.locations(scope, pager)))


def department_list(scope: Scope) -> list[DepartmentOut]:
    return every(lambda pager: departments.page(scope, pager))


def department_names(scope: Scope) -> list[tuple[str, str]]:
    return names_in(department_list(scope))


def names_in(found: Sequence[DepartmentOut]) -> list[tuple[str, str]]:
    """Each with those above it: two may have one name."""
    names = {one.department_id: one.name for one in found}
    return _by_name((one.department_id, " / ".join(names[up] for up in one.path if up in names)) for one in found)


def courses(scope: Scope) -> list[tuple[str, str]]:
    """Those that the organization may use."""
    found = every(lambda pager: own_courses.page(scope, CourseQuery(limit=MAX_LIMIT), pager))
    return _by_name((one.course_id, one.title) for one in found)


def every(read: Callable[[Pager], Any]) -> list[Any]:
    """Of a list that is short, or as much of it as fits into a form."""
    return list(islice(every_item(read), _MOST))


def _by_name(pairs: Any) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: str(pair[1]).casefold())
