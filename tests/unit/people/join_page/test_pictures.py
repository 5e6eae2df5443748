"""How pictures of pages are kept small, and from going stale."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests.e2e import pictures
from tests.e2e.pictures import Album, digest_of, smaller

ULIDS = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW")
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


def _picture(width: int, height: int, *colors: tuple[int, int, int]) -> bytes:
    """Columns of these colours, again and again."""
    image = Image.new("RGB", (width, height))
    image.putdata([colors[x % len(colors)] for _ in range(height) for x in range(width)])
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _read(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_smaller_picture_has_the_colours_of_before_when_they_are_few() -> None:
    before = _picture(4, 3, (255, 255, 255), (10, 20, 30))
    made = _read(smaller(before))
    assert made.size == (4, 3)
    assert made.convert("RGB").tobytes() == _read(before).tobytes()


def test_a_smaller_picture_has_few_colours_and_an_end() -> None:
    made = _read(smaller(_picture(300, 1700, *((n, 255 - n, n // 2) for n in range(200)))))
    assert made.size == (300, 1600)
    colors = made.getcolors()
    assert colors is not None
    assert len(colors) <= 48
