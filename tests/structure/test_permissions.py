"""Every route that needs a login names its permission, and the document says what table and routes say."""

from chalicelib.tenants.access.permissions import TABLE
from chalicelib.tenants.access.states import Permission, Reach
from chalicelib.web.routing import ROUTES
from infra import permissions


def test_every_route_but_those_of_one_s_own_account_names_a_permission() -> None:
    private = [route for route in ROUTES if not route.public]
    assert len(private) > 50
    unnamed = [route.name for route in private if not route.needs]
    assert [name for name in unnamed if not name.split(" ")[1].startswith("/me")] == []
    assert [route.name for route in ROUTES if route.public and route.needs] == []


def test_routes_name_permissions_of_the_table_and_reach_no_further_than_these() -> None:
    assert set(TABLE) == set(Permission)
    needed = {route.needs for route in ROUTES if route.needs}
    assert needed == {str(permission) for permission in TABLE}
    for route in ROUTES:
        if route.limited:
            assert TABLE[Permission(route.needs)].reach == Reach.DEPARTMENTS, route.name
        if route.needs and TABLE[Permission(route.needs)].reach == Reach.MSP:
            assert route.path.startswith("/msp/"), route.name


def test_the_document_is_current() -> None:
    assert permissions.DOCUMENT.read_text(encoding="utf-8") == permissions.current(), "run python -m infra.permissions"
