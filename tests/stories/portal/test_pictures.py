"""Every page of the portal has a picture in docs/pages.md that shows it as it is now.

With MUSTER_PICTURES set (`make pictures`) the pictures are taken and the page is written; else a page that shows
something else than in its picture fails the test, without a browser.
"""

import json
import os
from pathlib import Path

from infra.packaging import ROOT
from tests.e2e.browser import DESKTOP, PHONE, chromium
from tests.e2e.pictures import digest_of, picture_of
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.browser import Page as Shown
from tests.stories.portal.every_page import Everything, everything, pages
from tests.stories.portal.served import Served

_FOLDER = ROOT / "docs" / "pictures" / "pages"
_DIGESTS = _FOLDER / "pictures.json"
_BOOK = ROOT / "docs" / "pages.md"

# The parts of the book, by the beginning of an address; the first that fits.
_PARTS = (
    ("/msp/training/enrollment", "Creating a rollout"),
    ("/msp", "For an MSP's admins"),
    ("/orgs/{org_id}/training/enrollment", "Enrolling people in courses"),
    ("/orgs/{org_id}/trainings/enroll", "Enrolling people in live trainings"),
    ("/orgs/{org_id}/trainings", "Live trainings of an organization"),
    ("/orgs/{org_id}/training", "Courses of an organization"),
    ("/orgs", "For an organization's admins"),
    ("/me", "For learners"),
    ("/account", "For learners"),
    ("", "Doors"),
)
_INTRODUCTION = """# Every page of the portal

Each page with data of the tests. `make pictures` takes them anew, and a test fails when a page no longer looks as in
its picture. Learners' pages and doors are shown as on a phone. [The tour](tour.md) tells how to work with them.
"""


def _name(path: str) -> str:
    """Of the picture: the address, without what stands for ids."""
    words = [part.replace("{", "").replace("}", "").replace("_id", "") for part in path.strip("/").split("/")]
    return "-".join(words) or "start"


def _part(path: str) -> str:
    return next(title for start, title in _PARTS if path.startswith(start))


def _shown(world: World, made: Everything) -> dict[str, tuple[str, Shown]]:
    """Pages that show themselves, by path, with the address of each."""
    browser, found = Browser(world).has_session_of(made.admin), {}
    for page in pages("GET"):
        asking = browser if not page.path.startswith(("/login", "/register", "/forgot", "/reset")) else Browser(world)
        address = made.address(page)
        answer = asking.request("GET", address)
        if answer.status == 200 and "text/html" in answer.headers["content-type"]:
            found[page.path] = address, Shown(answer, address)
    return found


def _book(shown: dict[str, tuple[str, Shown]]) -> str:
    lines = [_INTRODUCTION]
    for part in dict.fromkeys(title for _, title in _PARTS):
        of_part = sorted((path, page) for path, (_, page) in shown.items() if _part(path) == part)
        lines.append(f"## {part}\n")
        for path, page in of_part:
            lines.append(f"### {page.heading}\n\n`/portal{path.rstrip('/')}`\n")
            lines.append(f"![{page.heading}](pictures/pages/{_name(path)}.png)\n")
    return "\n".join(lines)


def _take(world: World, made: Everything, shown: dict[str, tuple[str, Shown]]) -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for old in _FOLDER.glob("*.png"):
        old.unlink()
    with chromium() as started:
        window = started.new_page(color_scheme="light", locale="en-GB")
        inside = Served(window, Browser(world).has_session_of(made.admin))
        for path, (address, _) in shown.items():
            window.set_viewport_size(PHONE if _part(path) in ("For learners", "Doors") else DESKTOP)  # type: ignore[arg-type]
            inside.open(address)
            (_FOLDER / f"{_name(path)}.png").write_bytes(picture_of(window))


def test_every_page_looks_as_in_its_picture(world: World, driver: Driver, course: str) -> None:
    made = everything(world, driver, course)
    shown = _shown(world, made)
    assert len(shown) > 110
    assert len({_name(path) for path in shown}) == len(shown)
    digests = {_name(path): digest_of(page.answer.text) for path, (_, page) in sorted(shown.items())}
    book = _book(shown)
    if os.environ.get("MUSTER_PICTURES"):
        _take(world, made, shown)
        _DIGESTS.write_text(json.dumps(digests, indent=2) + "\n")
        _BOOK.write_text(book, encoding="utf-8")
    known = json.loads(_DIGESTS.read_text())
    stale = sorted(name for name in digests.keys() | known.keys() if digests.get(name) != known.get(name))
    assert stale == [], "these pages no longer look as in their pictures; run: make pictures"
    assert _pictures(_FOLDER) == set(digests)
    assert _BOOK.read_text(encoding="utf-8") == book, "docs/pages.md is of before; run: make pictures"


def _pictures(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.png")}
