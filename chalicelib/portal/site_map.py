"""The table of pages: what lies at which address, and what its visitor has to be allowed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from chalicelib.portal.visit import Visit

# Whom a page is for: everybody, who is logged in, or who has a permission in the tenant that the address names.
EVERYBODY, ACCOUNT = "everybody", "account"

# By the first part of an address, and by its first and third: a request imports the modules of its own wing and room.
MODULES_BY_WING: dict[str, tuple[str, ...]] = {
    "": ("doors.home",),
    "account": ("doors.devices",),
    "components": ("doors.components",),
    "continue": ("doors.kept",),
    "first-password": ("doors.log_in",),
    "forgot": ("doors.passwords",),
    "login": ("doors.log_in",),
    "logout": ("doors.log_in",),
    "me": (
        "me.to_do", "me.courses", "me.trainings", "me.certificates", "me.notifications", "me.calendar", "me.profile",
        "me.data", "me.library",
    ),
    "msp": (
        "msp.dashboard", "msp.training", "msp.row_learners", "msp.exports", "msp.activity", "msp.batch_actions",
        "msp.rollouts", "msp.organizations", "msp.library", "msp.admins", "msp.reports", "msp.enrollment.start",
        "msp.enrollment.steps", "msp.enrollment.review",
    ),
    "orgs": (
        "orgs.home", "orgs.learners", "orgs.invite", "orgs.member", "orgs.groups", "orgs.places", "orgs.uploads",
        "orgs.bulk", "orgs.join_page", "orgs.settings", "orgs.admins", "orgs.audit", "orgs.activity", "orgs.emails",
    ),
    # An organization's rooms: what only their pages need is imported for them alone.
    "orgs/learning": ("org_training.learning",),
    "orgs/reports": ("orgs.reports",),
    "orgs/training": (
        "org_training.batches", "org_training.batch_actions", "org_training.enroll", "live_trainings.enroll_users",
    ),
    "orgs/trainings": (
        "live_trainings.trainings", "live_trainings.sessions", "live_trainings.participants",
        "live_trainings.attendance", "live_trainings.export", "live_trainings.enroll_users",
        "live_trainings.enroll_steps", "live_trainings.enroll_review",
    ),
    "register": ("doors.register",),
    "reset": ("doors.passwords",),
    "try": ("doors.try_api",),
}  # fmt: skip

Method = Literal["GET", "POST"]
Handler = Callable[[Visit], Any]


@dataclass(frozen=True)
class PortalPage:
    """`needs` is EVERYBODY, ACCOUNT or a permission. `only_dev`: not there in production."""

    method: Method
    path: str
    needs: str
    handler: Handler
    pattern: re.Pattern[str]
    only_dev: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


PAGES: dict[str, PortalPage] = {}


class Pages:
    """Registers the pages of one module."""

    def __init__(self, needs: str, *, only_dev: bool = False) -> None:
        self._needs, self._only_dev = needs, only_dev

    def get(self, path: str, *, needs: str | None = None) -> Callable[[Handler], Handler]:
        return self._register("GET", path, needs)

    def post(self, path: str, *, needs: str | None = None) -> Callable[[Handler], Handler]:
        return self._register("POST", path, needs)

    def _register(self, method: Method, path: str, needs: str | None) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            # Ids hold nothing else, as in web/routing.py: above all no '#', which separates the parts of keys.
            pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[0-9A-Za-z_.~-]{1,200})", path))
            page = PortalPage(method, path, needs or self._needs, handler, pattern, self._only_dev)
            PAGES[page.name] = page
            return handler

        return register


def find(method: str, path: str) -> tuple[PortalPage, dict[str, str]] | None:
    """The page at this address, and the ids in it. The one with the fewest ids in its path wins."""
    parts = path.split("/")
    _load(parts[1])
    _load("/".join((parts[1], *parts[3:4])))
    found = [
        (page, match.groupdict())
        for page in PAGES.values()
        if page.method == method and (match := page.pattern.fullmatch(path))
    ]
    return min(found, key=lambda pair: len(pair[1]), default=None)


def above(method: str, path: str) -> str | None:
    """The nearest page above an address of a page, or of a form that has none of its own at its address."""
    found = find(method, path)
    shape, address = _shape(found[0].path) if found else "", path
    shapes = {_shape(page.path) for page in PAGES.values() if page.method == "GET"}
    while shape.count("/") > 1:
        shape, address = shape.rpartition("/")[0], address.rpartition("/")[0]
        if shape in shapes:
            return address
    return None


def page_of_form(path: str) -> str | None:
    """Where the page is of a form whose address is opened as a page, for it has none; None where it has."""
    posted, shown = find("POST", path), find("GET", path)
    if posted is None or (shown is not None and len(shown[1]) <= len(posted[1])):
        return None
    return above("POST", path) or "/"


def _shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def every_page() -> Iterator[PortalPage]:
    for wing in MODULES_BY_WING:
        _load(wing)
    yield from PAGES.values()


def _load(wing: str) -> None:
    for module in MODULES_BY_WING.get(wing, ()):
        import_module(f"chalicelib.portal.{module}")
