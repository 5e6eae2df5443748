"""Pictures of pages for the guide and for docs/, and how they are kept from going stale."""

import hashlib
import json
import os
import re
import struct
import zlib
from collections import Counter
from pathlib import Path

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
        page.evaluate("() => document.activeElement.blur()")
        # What stays in sight while one scrolls would lie across the middle of a picture of the whole page.
        page.evaluate("() => document.querySelectorAll('.go').forEach((one) => { one.style.position = 'static'; })")
        for file in files:
            page.set_viewport_size(DESKTOP if "desktop" in file.name else self._phone)  # type: ignore[arg-type]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(smaller(page.screenshot(full_page=True, scale="css", animations="disabled")))
        page.set_viewport_size(self._phone)  # type: ignore[arg-type]
        self._known[name] = digest
        self._file.write_text(json.dumps(dict(sorted(self._known.items())), indent=2) + "\n")

    def assert_fresh(self) -> None:
        assert self._stale == [], f"these pages no longer look as in their pictures: {self._stale}; run: make pictures"


# Ids, links and pictures differ from one time to the next; everything else is what the page looks like.
_CHANGING = (
    (re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+"), "<picture>"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\.[0-9A-HJKMNP-TV-Z]{26}\.[\w-]{32,}"), "<token>"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9A-HJKMNP-TV-Z]{26}(?![0-9A-Za-z])"), "<id>"),
    (re.compile(r"(https?://[\w.:-]+)?/_aws/execute-api/\w+/\w+"), "<root>"),
    (re.compile(r'name="request" value="\w+"'), 'name="request" value="<secret>"'),
    (re.compile(r"request=\w+"), "request=<secret>"),
    (re.compile(r'(width|height)="\d+"'), r'\1="<size>"'),
    # Of the portal: its files' names, and the days and minutes at which something happened.
    (re.compile(r"/assets/[\w.-]+"), "<asset>"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} \w{3} \d{4}(, \d\d:\d\d)?"), "<instant>"),
)


def digest_of(html: str) -> str:
    for pattern, instead in _CHANGING:
        html = pattern.sub(instead, html)
    return hashlib.sha256(html.encode()).hexdigest()[:32]


def sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(folder.glob("*.png"))}


# ---------------------------------------------------------------- PNG

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NUM_COLORS = 48
# The guide is far longer.
_MAX_HEIGHT = 1600

_Color = tuple[int, int, int]


def smaller(png: bytes) -> bytes:
    """The same picture with few colours: a third of the size, for pages of text on plain ground."""
    width, rows = _rows(png)
    rows = rows[:_MAX_HEIGHT]
    counted: Counter[_Color] = Counter(color for row in rows for color in row)
    palette = [color for color, _ in counted.most_common(_NUM_COLORS)]
    index_of = {color: min(range(len(palette)), key=lambda n: _distance(palette[n], color)) for color in counted}
    lines = b"".join(b"\0" + bytes(index_of[color] for color in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = [(b"IHDR", header), (b"PLTE", bytes(sum(palette, ()))), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _distance(one: _Color, other: _Color) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(png: bytes) -> tuple[int, list[list[_Color]]]:
    """Of what Chromium writes: 8 bits a channel, RGB with or without alpha, not interlaced."""
    assert png.startswith(_SIGNATURE)
    at, data = len(_SIGNATURE), b""
    width = height = step = 0
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color_type, *_, interlaced = struct.unpack(">IIBBBBB", body)
            assert (depth, interlaced) == (8, 0)
            step = {2: 3, 6: 4}[color_type]
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    raw, size = zlib.decompress(data), width * step + 1
    rows, above = [], bytearray(size - 1)
    for start in range(0, height * size, size):
        above = _unfiltered(raw[start], bytearray(raw[start + 1 : start + size]), above, step)
        rows.append([(above[x], above[x + 1], above[x + 2]) for x in range(0, len(above), step)])
    return width, rows


def _unfiltered(kind: int, line: bytearray, above: bytearray, step: int) -> bytearray:
    """The five filters of PNG (RFC 2083, section 6)."""
    for x in range(len(line) if kind else 0):
        left = line[x - step] if x >= step else 0
        corner = above[x - step] if x >= step else 0
        guess = (0, left, above[x], (left + above[x]) // 2, _paeth(left, above[x], corner))[kind]
        line[x] = (line[x] + guess) & 255
    return line


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))
