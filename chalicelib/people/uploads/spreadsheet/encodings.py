"""In which encoding an uploaded text is written: by its mark, by what the request says, else by a look at its bytes."""

import codecs
import re
from dataclasses import dataclass

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.people.uploads.spreadsheet.encoding_guess import likely_encodings
from chalicelib.people.uploads.spreadsheet.encoding_names import LABELS, encoding_named
from chalicelib.people.uploads.spreadsheet.meanings import Source
from chalicelib.people.uploads.spreadsheet.refusals import explain, refusal

_MARKS = (
    # The mark of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


# Any heading in UTF-16 has as many.
_FEWEST_NULS = 4


@dataclass(frozen=True)
class Decoding:
    """`encoding` is Python's name. `overruled` is the label of what the request said, where the bytes are not that."""

    text: str
    encoding: str
    source: Source
    overruled: str | None = None

    @property
    def label(self) -> str:
        return LABELS[self.encoding]


def decoded(
    content: bytes, declared: str | None = None, chosen: str | None = None, source: Source = Source.CHOSEN
) -> Decoding:
    """`declared` is the charset of the content type, `chosen` the name of one to be read here, and `source` how that is
    known. Raises Invalid.
    """
    if chosen is not None:
        text = _strictly(_unmarked(content, chosen), chosen)
        if text is None:
            text = explain("wrong_encoding", encoding=LABELS[chosen]).text
            raise Invalid(FieldError("encoding", "wrong_encoding", text))
        return Decoding(text, chosen, source)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _certain(content[len(mark) :], encoding, Source.MARK)
    said = encoding_named(declared) if declared else None
    # Programs say Latin 1 without looking, and every file can be read like that.
    if said is not None and not (said == "cp1252" and not content.isascii() and _strictly(content, "utf-8")):
        text = _strictly(content, said)
        if text is not None:
            return Decoding(text, said, Source.DECLARED)
    found = _by_bytes(content)
    return Decoding(found.text, found.encoding, found.source, LABELS[said] if said is not None else None)


def _by_bytes(content: bytes) -> Decoding:
    wide = _wide_encoding(content[:4096])
    if wide is not None:
        return _certain(content, wide, Source.BYTES)
    if b"\x00" in content:
        raise refusal("not_text")
    text = _strictly(content, "utf-8")
    if text is not None:
        return Decoding(text, "utf-8", Source.BYTES)
    if _CONTROL.search(content.decode("latin-1")):
        raise refusal("not_text")
    for encoding in likely_encodings(content):
        text = _strictly(content, encoding)
        if text is not None:
            return Decoding(text, encoding, Source.GUESSED)
    raise refusal("unknown_encoding")


def _certain(content: bytes, encoding: str, source: Source) -> Decoding:
    text = _strictly(content, encoding)
    if text is None:
        raise refusal("not_text")
    return Decoding(text, encoding, source)


def _unmarked(content: bytes, encoding: str) -> bytes:
    for mark, marked in _MARKS:
        if marked == encoding:
            return content.removeprefix(mark)
    return content


def _wide_encoding(start: bytes) -> str | None:
    """A Latin letter in UTF-16 is a NUL and the letter, and so is a delimiter among the letters of any script."""
    num_first, num_second = start[::2].count(0), start[1::2].count(0)
    if max(num_first, num_second) < max(_FEWEST_NULS, len(start) / 40):
        return None
    if num_second > 4 * num_first:
        return "utf-16-le"
    return "utf-16-be" if num_first > 4 * num_second else None


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text
