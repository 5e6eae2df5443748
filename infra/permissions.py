"""Write docs/permissions.md: `python -m infra.permissions`. A test fails while it differs from table and routes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import app  # noqa: F401  (registers every route)
from chalicelib.tenants.access.permissions import CHOOSABLE, TABLE
from chalicelib.tenants.access.states import Reach, Role
from chalicelib.web.routing import ROUTES

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"

_REACH = {
    Reach.MSP: "the MSP and its clients",
    Reach.ORGANIZATION: "a whole organization",
    Reach.DEPARTMENTS: "an organization, or departments with all below them",
}
_ROLES = {Role.MSP_ADMIN: "MSP admin", Role.ORG_ADMIN: "organization admin", Role.DEPARTMENT_ADMIN: "department admin"}

_HEAD = """# Who may do what

Written by `python -m infra.permissions` from `chalicelib/tenants/access/permissions.py` and the routes.

An account has one role in each organization, and may be an MSP admin besides. An MSP admin may do in each client all
that its organization admins may. A custom role is a set of permissions over an organization or over departments; nobody
can give what they don't have. Who may change something may read it.

"""


def current() -> str:
    """The document as it should stand there."""
    return _HEAD + "\n".join([*_roles(), "", "## Routes", "", *_routes()]) + "\n"


def _roles() -> Iterator[str]:
    yield _line(["permission", "permits", "over", *_ROLES.values(), "custom role"])
    yield _line(["---"] * 7)
    for permission, rule in TABLE.items():
        has = ["yes" if role in rule.roles else "" for role in _ROLES]
        yield _line(
            [f"`{permission}`", rule.permits, _REACH[rule.reach], *has, "may" if permission in CHOOSABLE else ""]
        )


def _routes() -> Iterator[str]:
    yield "*Departments*: a role that is limited to departments may use it, for their people."
    yield ""
    yield _line(["permission", "route", "departments"])
    yield _line(["---"] * 3)
    for permission in TABLE:
        for route in sorted((one for one in ROUTES if one.needs == permission), key=lambda one: (one.path, one.method)):
            yield _line([f"`{permission}`", f"`{route.name}`", "yes" if route.limited else ""])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    DOCUMENT.write_text(current(), encoding="utf-8")
