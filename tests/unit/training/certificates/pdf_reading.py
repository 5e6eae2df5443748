"""Reads a PDF as the standard says (ISO 32000, 14.9.4): where a span has ActualText, that is the text, not its glyphs.

pypdf's own extraction leaves ActualText out, and so repeats letters whose glyphs stand for several.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.generic import ContentStream

_SHOWN = (b"Tj", b"TJ")


def lines_of(pdf: bytes) -> list[str]:
    """The texts of the page, in the order in which they are drawn; a new line where the text moves."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    (page,) = reader.pages
    fonts = {name: _letters(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    lines, line = [], ""
    for part in _parts(ContentStream(page.get_contents(), reader), page["/Resources"], fonts):
        if part is None:
            lines.append(line)
            line = ""
        else:
            line += part
    return [text for text in (*lines, line) if text.strip()]


def _parts(content: ContentStream, resources: Any, fonts: dict[str, dict[int, str]]) -> Iterator[str | None]:
    font: dict[int, str] = {}
    spans: list[bool] = []
    in_text = False
    for operands, operator in content.operations:
        if operator == b"Tf":
            font = fonts[operands[0]]
        elif operator in (b"BDC", b"BMC"):
            properties = operands[1] if operator == b"BDC" else {}
            if isinstance(properties, str):
                properties = resources["/Properties"][properties]
            if "/ActualText" in properties:
                if not in_text:
                    yield None
                yield str(properties["/ActualText"])
            spans.append("/ActualText" in properties)
        elif operator == b"EMC":
            spans.pop()
        elif operator in (b"BT", b"ET"):
            in_text = operator != b"ET"
            if operator == b"BT" and not any(spans):
                yield None
        elif operator in _SHOWN and not any(spans):
            shown = operands[0] if operator == b"TJ" else operands
            for piece in shown:
                if isinstance(piece, str | bytes):
                    yield _decoded(getattr(piece, "original_bytes", piece), font)


def _decoded(codes: bytes, letters: dict[int, str]) -> str:
    return "".join(letters.get(int.from_bytes(codes[at : at + 2], "big"), "?") for at in range(0, len(codes), 2))


def _letters(font: Any) -> dict[int, str]:
    """What each code stands for, by the font's own table."""
    table = font["/ToUnicode"].get_data().decode()
    letters: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            letters[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for code in range(int(first, 16), int(last, 16) + 1):
                letters[code] = chr(int(text, 16) + code - int(first, 16))
    return letters
