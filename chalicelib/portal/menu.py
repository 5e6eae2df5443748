"""The menu of a page: a handful of sections, and the pages of the one that its visitor is in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.tenants.access.states import Permission


@dataclass(frozen=True)
class Entry:
    """`current` is "page" on the page itself, "true" on pages below it, else empty."""

    name: str
    address: str
    current: str = ""
    pages: tuple["Entry", ...] = ()


_MSP = (
    ("Dashboard", "/msp/training"),
    ("Rollouts", "/msp/rollouts"),
    ("Activity", "/msp/activity"),
    ("Clients", "/msp/organizations"),
    ("Courses", "/msp/courses"),
    ("Reports", "/msp/reports"),
    ("Admins", "/msp/admins"),
)
_ME = (
    ("To do", "/me"),
    ("Courses", "/me/courses"),
    ("Trainings", "/me/trainings"),
    ("Certificates", "/me/certificates"),
    ("Notifications", "/me/notifications"),
    ("Calendar", "/me/calendar"),
    ("Profile", "/me/profile"),
)
# Section, its pages, and what each of them requires. A section leads to the first page that its visitor may see.
_ORG: tuple[tuple[str, tuple[tuple[str, str, Permission], ...]], ...] = (
    ("Home", (("Home", "", Permission.MEMBERS_READ),)),
    (
        "Learners",
        (("All learners", "/learners", Permission.MEMBERS_READ), ("Uploads", "/imports", Permission.INVITES)),
    ),
    ("Courses", (("Courses", "/training", Permission.TRAINING_READ),)),
    ("Trainings", (("Trainings", "/trainings", Permission.TRAINING_READ),)),
    (
        "Groups",
        (
            ("All groups", "/groups", Permission.STRUCTURE_READ),
            ("Departments", "/departments", Permission.STRUCTURE_READ),
            ("Locations", "/locations", Permission.STRUCTURE_READ),
        ),
    ),
    ("Reports", (("Reports", "/reports", Permission.TRAINING_READ),)),
    ("Activity", (("Activity", "/activity", Permission.MEMBERS_READ),)),
    (
        "Settings",
        (
            ("General", "/settings", Permission.SETTINGS),
            ("Join page", "/join-page", Permission.SETTINGS),
            ("Admins", "/admins", Permission.ORG_ADMINS),
            ("Audit", "/audit", Permission.AUDIT),
        ),
    ),
)
# Pages that lie elsewhere than the page of the menu that leads to them.
_BELOW = {"/learning": "/learners", "/actions": "/activity", "/exports": "/activity"}
_BELOW_MSP = {"/msp/training/enrollment": "/msp/rollouts", "/msp/exports": "/msp/activity"}


def menu(facts: dict[str, Any]) -> tuple[Entry, ...]:
    """Of the facts that the frame shows: see navigation.common."""
    wing, path = facts["wing"], facts["path"]
    if wing == "msp" and facts["can"]:
        path = _at_home(path, _BELOW_MSP)
        return _marked(tuple(Entry(name, address) for name, address in _MSP), path)
    if wing == "orgs" and facts["can"]:
        base = f"/orgs/{facts['org_id']}"
        path = _at_home(path, {base + elsewhere: base + page for elsewhere, page in _BELOW.items()})
        return _marked(_of_org(base, facts["can"], facts["is_limited"]), path, base)
    if wing == "me" or (wing == "account" and not facts["roles"]):
        return _marked(tuple(Entry(name, address) for name, address in _ME), path, "/me")
    return ()


def places(org_id: str) -> Iterator[tuple[str, Permission]]:
    """The pages of an organization, with what each requires: the first that one may see is where one begins."""
    for _, pages in _ORG:
        for _, address, needs in pages:
            yield f"/orgs/{org_id}{address}", needs
    yield f"/orgs/{org_id}/learners/add", Permission.INVITES


def _at_home(path: str, below: Mapping[str, str]) -> str:
    return next((f"{page}/" for elsewhere, page in below.items() if _is_below(path, elsewhere)), path)


def _of_org(base: str, can: Collection[Permission], is_limited: bool) -> tuple[Entry, ...]:
    sections = []
    for name, pages in _ORG:
        seen = tuple(
            Entry(page, base + address)
            for page, address, needs in pages
            if needs in can and not (is_limited and address == "/imports")
        )
        if seen:
            # What is alone in its section needs no second row; an admin of the audit alone has Audit, not Settings.
            title = name if len(seen) > 1 or seen[0].address == base + pages[0][1] else seen[0].name
            sections.append(Entry(title, seen[0].address, pages=seen if len(seen) > 1 else ()))
    return tuple(sections)


def _marked(sections: tuple[Entry, ...], path: str, home: str = "") -> tuple[Entry, ...]:
    """`home` has all other pages below its address, and is current only on its own."""

    def mark(entry: Entry) -> Entry:
        pages = tuple(mark(page) for page in entry.pages)
        if path == entry.address:
            return replace(entry, current="page", pages=pages)
        below = entry.address != home and _is_below(path, entry.address)
        return replace(entry, current="true" if below or any(page.current for page in pages) else "", pages=pages)

    return tuple(mark(entry) for entry in sections)


def _is_below(path: str, address: str) -> bool:
    return f"{path}/".startswith(f"{address}/")
