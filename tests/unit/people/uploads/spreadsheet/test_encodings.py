"""In which encoding a text is, and how that is known. tests/files has lists in others than these."""

import codecs

import pytest

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.spreadsheet.encoding_names import LABELS, encoding_named
from chalicelib.people.uploads.spreadsheet.encodings import decoded
from chalicelib.people.uploads.spreadsheet.meanings import Source

TEXT = "E-mail,Name\r\na@example.com,Zoë\r\n"


def refused(content: bytes, **known: str) -> str:
    with pytest.raises(MusterError) as caught:
        decoded(content, **known)
    (error,) = caught.value.errors
    return error.code


@pytest.mark.parametrize(
    ("content", "encoding", "source"),
    [
        (codecs.BOM_UTF8 + TEXT.encode(), "UTF-8", Source.MARK),
        (TEXT.encode("utf-16"), "UTF-16LE", Source.MARK),
        (TEXT.encode("utf-16-be"), "UTF-16BE", Source.BYTES),
        (TEXT.encode(), "UTF-8", Source.BYTES),
        (b"E-mail\r\na@example.com", "UTF-8", Source.BYTES),
        (TEXT.encode("cp1252"), "windows-1252", Source.GUESSED),
    ],
)
def test_an_encoding_is_known_by_its_mark_or_its_bytes_and_else_guessed(
    content: bytes, encoding: str, source: Source
) -> None:
    found = decoded(content)
    assert (found.label, found.source) == (encoding, source)
    assert "example" in found.text


def test_a_mark_counts_before_what_is_declared_and_that_before_a_guess() -> None:
    text = "Name\r\nŻółć\r\n"
    assert decoded(codecs.BOM_UTF8 + text.encode(), "iso-8859-2").source == Source.MARK
    found = decoded(text.encode("cp1250"), "Windows-1250")
    assert (found.text, found.source, found.overruled) == (text, Source.DECLARED, None)
    found = decoded(text.encode("cp1250"), "utf-8")
    assert (found.text, found.source, found.overruled) == (text, Source.GUESSED, "UTF-8")
    assert decoded(text.encode("utf-16-le"), "utf-8").label == "UTF-16LE"
    found = decoded(text.encode(), "iso-8859-1")
    assert (found.text, found.source, found.overruled) == (text, Source.BYTES, "windows-1252")
    assert decoded("Zoë".encode("cp1252"), "iso-8859-1").source == Source.DECLARED
    assert decoded(text.encode("cp1250"), "no-such-charset").overruled is None


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("utf8", "UTF-8"),
        ("latin1", "windows-1252"),
        ("ISO-8859-1", "windows-1252"),
        ("cp1252", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("shift-jis", "Shift_JIS"),
        ("gbk", "GB18030"),
        ("macintosh", "macintosh"),
        ("utf-7", None),
        ("rot13", None),
        ("unicode_escape", None),
        ("\x00", None),
        ("", None),
    ],
)
def test_encodings_are_known_by_all_their_names_and_only_those_that_are_read(name: str, label: str | None) -> None:
    found = encoding_named(name)
    assert (LABELS[found] if found else None) == label


def test_every_label_names_its_encoding() -> None:
    assert {label: encoding_named(label) for label in LABELS.values()} == {
        label: name for name, label in LABELS.items()
    }


def test_a_chosen_encoding_is_obeyed_or_refused() -> None:
    assert decoded(TEXT.encode("cp850"), chosen="cp850").text == TEXT
    assert decoded(codecs.BOM_UTF8 + TEXT.encode(), chosen="utf-8").text == TEXT
    assert refused(TEXT.encode("cp1252"), chosen="utf-8") == "wrong_encoding"


@pytest.mark.parametrize("content", [b"\x00" * 40, b"Name\r\nA\x07\xff", b"\x7fELF" + bytes(range(256)), b"\xff\xfeE"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    assert refused(content) == "not_text"
