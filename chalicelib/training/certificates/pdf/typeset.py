"""Typesets a certificate: PDF/A-2a and PDF/UA-1, in every script that the layer has a font for.

Runs in the function `certificates`, which reads and writes nothing: facts come in, the file goes out.
"""

import base64
import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.core.errors import MusterError
from chalicelib.training.certificates.pdf.actual_text import with_actual_text

_TEMPLATE = Path(__file__).with_name("certificate.typ")

# The archive's rules refuse a character without a glyph, where a viewer would show a box.
_STANDARDS = ["a-2a", "ua-1"]
_NO_GLYPH = "could not be displayed with font"

# Chinese, Japanese and Korean share characters that each writes in its own way.
_KANA, _HANGUL = range(0x3040, 0x3100), range(0xAC00, 0xD7A4)


# Points, for texts of up to 28, 60 and 120 letters, and for longer ones; letters of double width count twice.
_SIZES = {"holder": (34, 24, 17, 12), "title": (22, 18, 15, 11), "organization": (14, 14, 11, 9)}
_LENGTHS = (28, 60, 120)


class NoGlyph(MusterError):
    """A character that no font has."""

    def __init__(self) -> None:
        super().__init__("no_glyph", "A character of this certificate is in none of the fonts.")


def typeset(facts: Mapping[str, Any], _: Any = None) -> dict[str, str]:
    """The function: `{"pdf": <base64>}`, or `{"code": "no_glyph"}` when a character cannot be shown.

    `facts` as `facts.facts_of` makes them, or with a `layout`, those of another page.
    """
    try:
        return {"pdf": base64.b64encode(_page_of(facts)).decode()}
    except NoGlyph as error:
        return {"code": error.code}


def _page_of(facts: Mapping[str, Any]) -> bytes:
    if facts.get("layout") == "evidence":
        from chalicelib.training.certificates.pdf import evidence_page

        return evidence_page.pdf_of(facts)
    return pdf_of(facts)


def pdf_of(facts: Mapping[str, Any]) -> bytes:
    """The same facts give the same file. Raises NoGlyph."""
    # What only this function's layer has.
    import segno

    issued = datetime.fromisoformat(facts["issued_at"]).astimezone(UTC)
    qr = segno.make(facts["check_url"], error="m", micro=False).svg_inline(border=2, omitsize=True)
    texts = " ".join(str(facts[name]) for name in ("holder", "title", "organization"))
    data = {
        **facts, "qr": qr, "fonts": families(texts), "lang": "en",
        "sizes": {name: size_of(facts[name], sizes) for name, sizes in _SIZES.items()},
        "year": issued.year, "month": issued.month, "day": issued.day,
    }  # fmt: skip
    made = compiled(_TEMPLATE, data, issued)
    return with_actual_text(made, facts["organization"], (facts["holder"], facts["title"]))


def compiled(template: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """The template with this data, as a PDF of this instant. Raises NoGlyph."""
    from typst import TypstError

    try:
        made = _compiler().compile(
            input=template.read_bytes(), format="pdf", sys_inputs={"data": json.dumps(data)},
            pdf_standards=_STANDARDS, timestamp=at,
        )  # fmt: skip
    except TypstError as error:
        if _NO_GLYPH in error.message:
            raise NoGlyph() from error
        raise
    return bytes(made)


def size_of(text: str, sizes: Sequence[int]) -> int:
    """The first of the sizes is for the shortest texts, the last for the longest."""
    length = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    return sizes[sum(length > most for most in _LENGTHS)]


def families(text: str) -> list[str]:
    """The first that has a character shows it; the typesetter looks through all others of the layer after them."""
    if any(ord(letter) in _KANA for letter in text):
        return ["Noto Sans", "Noto Sans CJK JP"]
    if any(ord(letter) in _HANGUL for letter in text):
        return ["Noto Sans", "Noto Sans CJK KR"]
    return ["Noto Sans", "Noto Sans CJK SC"]


@lru_cache(maxsize=1)
def _compiler() -> Any:
    """Fonts are read once for each start of the function."""
    import manimgx_fonts
    import manimgx_fonts_cjk
    import typst

    folders = [str(Path(str(package.__file__)).parent) for package in (manimgx_fonts, manimgx_fonts_cjk)]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    return typst.Compiler(font_paths=fonts)
