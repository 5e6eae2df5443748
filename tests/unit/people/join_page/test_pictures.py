"""How pictures of pages are kept small, and from going stale."""

import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.e2e import pictures
from tests.e2e.pictures import Album, digest_of, smaller

ULIDS = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW")
NINES, ONES = bytes([9, 9, 9, 8, 8, 8]), bytes([1, 1, 1, 2, 2, 2])
PAGE = (
    '<form action="{0}.{0}.{1}/accept"><input name="request" value="{0}"><img src="data:image/png;base64,{2}"></form>'
)


def test_ids_links_and_pictures_do_not_make_a_page_another_but_words_do() -> None:
    first = PAGE.format(ULIDS[0], "a-_4" * 8, "AAAA+/=")
    assert digest_of(first) == digest_of(PAGE.format(ULIDS[1], "b" * 32, "BBBB"))
    assert digest_of(first) != digest_of(first + "<p>More</p>")
    assert digest_of('<p style="color: red">') != digest_of('<p style="color: blue">')


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pictures, "SHIPPED", tmp_path)
    monkeypatch.setattr(pictures, "DOCUMENTED", tmp_path)
    monkeypatch.delenv("MUSTER_PICTURES", raising=False)
    return tmp_path


def _page(html: str) -> Any:
    return SimpleNamespace(content=lambda: html)


@pytest.mark.parametrize("missing", [None, "join.png", "join-phone.png", "join-desktop.png"])
def test_a_page_that_looks_otherwise_or_has_no_picture_fails_and_says_what_to_do(
    folders: Path, missing: str | None
) -> None:
    (folders / "pictures.json").write_text(f'{{"join": "{digest_of("<p>Join</p>")}"}}')
    for name in {"join.png", "join-phone.png", "join-desktop.png"} - {missing}:
        (folders / name).touch()
    album = Album()
    album.show(_page("<p>Join</p>"), "join")
    if missing is None:
        album.assert_fresh()
        album.show(_page("<p>Join now</p>"), "join")
    with pytest.raises(AssertionError, match="make pictures"):
        album.assert_fresh()


def _png(rows: list[bytes], color_type: int, filters: bytes) -> bytes:
    width = len(rows[0]) // (3 if color_type == 2 else 4)
    header = struct.pack(">IIBBBBB", width, len(rows), 8, color_type, 0, 0, 0)
    lines = b"".join(bytes([kind]) + row for kind, row in zip(filters, rows, strict=True))
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return pictures._SIGNATURE + b"".join(pictures._chunk(kind, data) for kind, data in parts)


@pytest.mark.parametrize(
    ("rows", "color_type", "filters", "expected"),
    [
        ([bytes([1, 2, 3, 4, 5, 6])], 2, b"\0", [[(1, 2, 3), (4, 5, 6)]]),
        ([bytes([1, 2, 3, 255, 4, 5, 6, 255])], 6, b"\0", [[(1, 2, 3), (4, 5, 6)]]),
        ([bytes([1, 2, 3, 1, 1, 1])], 2, b"\1", [[(1, 2, 3), (2, 3, 4)]]),
        ([bytes([1, 2, 3]), bytes([1, 1, 1])], 2, b"\0\2", [[(1, 2, 3)], [(2, 3, 4)]]),
        ([NINES, ONES], 2, b"\0\3", [[(9,) * 3, (8,) * 3], [(5,) * 3, (8,) * 3]]),
        ([NINES, ONES], 2, b"\0\4", [[(9,) * 3, (8,) * 3], [(10,) * 3, (11,) * 3]]),
    ],
)  # fmt: skip
def test_a_picture_is_read_whatever_the_filter(
    rows: list[bytes], color_type: int, filters: bytes, expected: list[list[tuple[int, int, int]]]
) -> None:
    assert pictures._rows(_png(rows, color_type, filters)) == (len(expected[0]), expected)


def test_a_smaller_picture_has_the_colours_of_before_when_they_are_few() -> None:
    made = smaller(_png([bytes([255, 255, 255, 10, 20, 30] * 2)] * 3, 2, b"\0\0\0"))
    width, height = struct.unpack(">II", made[16:24])
    palette_at = made.index(b"PLTE") + 4
    assert (width, height) == (4, 3)
    assert made[palette_at : palette_at + 6] == bytes([255, 255, 255, 10, 20, 30])
    data_at = made.index(b"IDAT")
    (length,) = struct.unpack(">I", made[data_at - 4 : data_at])
    assert zlib.decompress(made[data_at + 4 : data_at + 4 + length]) == bytes([0, 0, 1, 0, 1]) * 3
