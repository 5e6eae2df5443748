"""Pictures of pages for the guide and for docs/, and how they are kept from going stale."""

import hashlib
import io
import json
import os
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from infra.packaging import ROOT
from tests.e2e.browser import DESKTOP, PHONE, Size

SHIPPED = ROOT / "chalicelib" / "people" / "join_page" / "pictures"
DOCUMENTED = ROOT / "docs" / "pictures"
MAILS = DOCUMENTED / "mails"


class Album:
    """Pictures of pages, each with a digest of what the page showed when it was taken.

    With MUSTER_PICTURES set (`make pictures`) they are taken; else a page that shows something else fails the test.
    """

    def __init__(self, folder: Path | None = None, digests: Path | None = None, phone: Size = PHONE) -> None:
        """`phone`: the size of a phone's window in the pictures."""
        self.is_taking = bool(os.environ.get("MUSTER_PICTURES"))
        self._folder, self._file, self._phone = folder or DOCUMENTED, digests or SHIPPED / "pictures.json", phone
        self._known: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._stale: list[str] = []
        self.names: list[str] = []

    def show(self, page: Page, name: str, *, shipped: bool = True) -> None:
        """`shipped`: the guide shows the picture, so that it is part of the package."""
        self.names.append(name)
        digest = digest_of(page.content())
        files = [self._folder / f"{name}-phone.png", self._folder / f"{name}-desktop.png"]
        files += [SHIPPED / f"{name}.png"] if shipped else []
        if not self.is_taking:
            if self._known.get(name) != digest or not all(file.exists() for file in files):
                self._stale.append(name)
            return
        for file in files:
            page.set_viewport_size(DESKTOP if "desktop" in file.name else self._phone)  # type: ignore[arg-type]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture_of(page))
        page.set_viewport_size(self._phone)  # type: ignore[arg-type]
        self._known[name] = digest
        self._file.write_text(json.dumps(dict(sorted(self._known.items())), indent=2) + "\n")

    def assert_fresh(self) -> None:
        assert self._stale == [], f"these pages no longer look as in their pictures: {self._stale}; run: make pictures"


def picture_of(page: Page) -> bytes:
    """All of it, as wide as its window is now."""
    page.evaluate("() => document.activeElement.blur()")
    # What stays in sight while one scrolls would lie across the middle of a picture of the whole page.
    page.evaluate("() => document.querySelectorAll('.go').forEach((one) => { one.style.position = 'static'; })")
    return smaller(page.screenshot(full_page=True, scale="css", animations="disabled"))


# Ids, links and pictures differ from one time to the next; everything else is what the page looks like.
_CHANGING = (
    (re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+"), "<picture>"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\.[0-9A-HJKMNP-TV-Z]{26}\.[\w-]{32,}"), "<token>"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9A-HJKMNP-TV-Z]{26}(?![0-9A-Za-z])"), "<id>"),
    (re.compile(r"(https?://[\w.:-]+)?/_aws/execute-api/\w+/\w+"), "<root>"),
    (re.compile(r'name="request" value="\w+"'), 'name="request" value="<secret>"'),
    (re.compile(r"request=\w+"), "request=<secret>"),
    (re.compile(r'(width|height)="\d+"'), r'\1="<size>"'),
    # Of the portal: forms, numbers of certificates, links to files, sessions, its own files' names, and instants.
    (re.compile(r'name="form_id" value="[\w<>]+"'), 'name="form_id" value="<id>"'),
    (re.compile(r"\b[0-9A-Z]{6}(-[0-9A-Z]{6}){2}\b"), "<number>"),
    (re.compile(r"http[\w.:/-]+/files-\w+/[^\"]*"), "<file>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"/assets/[\w.-]+"), "<asset>"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} \w{3} \d{4}(, \d\d:\d\d)?"), "<instant>"),
)


def digest_of(html: str) -> str:
    for pattern, instead in _CHANGING:
        html = pattern.sub(instead, html)
    return hashlib.sha256(html.encode()).hexdigest()[:32]


def sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(folder.glob("*.png"))}


# Enough for pages of text on plain ground; a third of the size of all colours.
_NUM_COLORS = 48
# The guide is far longer.
_MAX_HEIGHT = 1600


def smaller(png: bytes) -> bytes:
    """The same picture with few colours, without what lies below 1,600 pixels."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, _MAX_HEIGHT)))
    written = io.BytesIO()
    few = picture.quantize(_NUM_COLORS, method=Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    few.save(written, "PNG", optimize=True)
    return written.getvalue()
