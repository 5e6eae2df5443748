"""Whatever is uploaded: a sheet whose rows can be judged, or a refusal that says why, within a second."""

import csv
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.failed_rows import failed_csv
from chalicelib.people.uploads.spreadsheet.reader import read_sheet
from chalicelib.people.uploads.spreadsheet.sheet import MAX_CELL, MAX_COLUMNS, MAX_ROWS, Sheet
from chalicelib.people.uploads.template import template_csv, template_xlsx
from chalicelib.people.uploads.verdicts import Department, Directory, judge
from tests.pace import at_most
from tests.unit.people.uploads.spreadsheet.workbooks import (
    ANN,
    HEADER,
    SHEET,
    STRINGS,
    part_of,
    sharing,
    with_parts,
    workbook,
)

many = settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip  # noqa: E501

DIRECTORY = Directory(
    groups={"f": "Finance", "s": "Sales"},
    departments=[Department("d", "EMEA", ("Sales", "EMEA"))],
    locations={"l": "Berlin"},
    members={"ann@example.com": "active"},
)

TEXT = 'E-mail,First name,Groups\r\nann@example.com,Ann,Finance\r\nbob@example.com,"Bob; ""B""",Sales\r\n'
GOOD = [
    TEXT.encode(),
    TEXT.encode("utf-16"),
    TEXT.encode("utf-16-le"),
    TEXT.replace(",", ";").encode("cp1252"),
    template_csv(),
    template_xlsx(),
    workbook(),
    workbook(HEADER, ANN, ("bob@example.com", 1.5, True)),
    sharing(workbook(HEADER, ANN)),
]
WORKBOOKS = [content for content in GOOD if content.startswith(b"PK")]


def tried(content: bytes, content_type: str) -> tuple[Sheet | None, MusterError | None]:
    try:
        return read_sheet(content, content_type), None
    except MusterError as error:
        return None, error


def outcome(content: bytes, content_type: str = "") -> Sheet | None:
    """The sheet, or None for a refusal; both are looked at."""
    with at_most(seconds=1):
        sheet, error = tried(content, content_type)
    if error is not None or sheet is None:
        assert error is not None
        assert error.status in (413, 422)
        assert [(one.field, one.code) for one in error.errors] == [("file", error.code)]
        return None
    with at_most(seconds=1):
        verdicts = judge(sheet, DIRECTORY)
        again = read_sheet(failed_csv(sheet.header, [(row.cells, ()) for row in sheet.rows]), "")
    assert 1 <= len(sheet.rows) == len(verdicts) <= MAX_ROWS
    assert {len(row.cells) for row in sheet.rows} == {len(sheet.header)}
    assert len(sheet.header) <= MAX_COLUMNS
    cells = [cell for row in sheet.rows for cell in row.cells]
    assert max(map(len, cells)) <= MAX_CELL
    assert "\x00" not in "".join(cells)
    assert "".join(cells).encode().decode() == "".join(cells)
    assert len(again.rows) == len(sheet.rows)
    return sheet


@many
@given(st.binary(max_size=2000))
@example(b"")
@example(b"E-mail\na@b.example\n\xff")
def test_random_bytes(content: bytes) -> None:
    outcome(content)


MARKS = [b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]


@many
@given(
    st.sampled_from(MARKS),
    st.binary(max_size=500),
)
def test_random_bytes_after_the_mark_of_a_kind(mark: bytes, rest: bytes) -> None:
    outcome(mark + rest)


@st.composite
def mutated(draw: st.DrawFn, files: list[bytes]) -> bytes:
    """A good file with some bytes changed, left out, put in, or repeated."""
    content = bytearray(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        size = draw(st.integers(1, 12))
        how = draw(st.sampled_from(["change", "leave out", "put in", "repeat"]))
        if how == "change":
            content[at : at + size] = draw(st.binary(min_size=1, max_size=size))
        elif how == "leave out":
            del content[at : at + size]
        elif how == "put in":
            content[at:at] = draw(st.binary(min_size=1, max_size=size))
        else:
            content[at:at] = content[at : at + size] * draw(st.integers(1, 300))
    return bytes(content)


@many
@given(mutated(GOOD))
def test_good_files_with_random_damage(content: bytes) -> None:
    outcome(content)


PARTS = ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "[Content_Types].xml", "_rels/.rels", SHEET]


@many
@given(st.data())
def test_workbooks_with_random_damage_within_their_parts(data: st.DataObject) -> None:
    """The damage is packed as it should be, so that it gets past the archive's sums."""
    content = data.draw(st.sampled_from(WORKBOOKS))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in (*PARTS, STRINGS) if name in archive.namelist()]
        name = data.draw(st.sampled_from(names))
        part = archive.read(name)
    outcome(with_parts(content, {name: data.draw(mutated([part]))}))


@many
@given(st.data())
def test_workbooks_whose_attributes_and_texts_are_exchanged(data: st.DataObject) -> None:
    """Well-formed, and wrong: numbers, references and kinds that no spreadsheet program writes."""
    content = data.draw(st.sampled_from(WORKBOOKS))
    name = data.draw(st.sampled_from(PARTS))
    pieces = part_of(content, name).split('"')
    odd = st.sampled_from(["", "0", "-1", "1", "99", "1e9", "1e999", "nan", "A0", "XFD1", "ZZZ9999999", "s", "n", "d", "b", "e", "9" * 400])  # fmt: skip  # noqa: E501
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, max((len(pieces) - 2) // 2, 0)))
        if len(pieces) > 2 * index + 1:
            pieces[2 * index + 1] = data.draw(odd)
    outcome(with_parts(content, {name: '"'.join(pieces)}))


@many
@given(st.data())
def test_workbooks_whose_directory_lies(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(WORKBOOKS)))
    heads = [at for at in range(len(content)) if content[at : at + 4] == b"PK\x01\x02"]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.sampled_from(heads))
        offset, size = data.draw(
            st.sampled_from([(8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)])
        )
        value = data.draw(
            st.sampled_from([0, 1, 8, 9, 12, 14, 2**15, 2**16 - 1, 2**31, 2**32 - 1]) | st.integers(0, 5000)
        )
        content[at + offset : at + offset + size] = struct.pack("<I", value)[:size]
    outcome(bytes(content))


letters = st.sampled_from("=+-@\t\r\n,;\"' \u00a0\u200bab1(|!<>{}") | st.characters(exclude_categories=["Cs"])
cells = st.text(letters, max_size=15) | st.sampled_from(["ann@example.com", "bob@example.com", "Finance", "sales"])
tables = st.lists(st.lists(cells, max_size=8), max_size=8)
headers = st.lists(st.sampled_from(["E-mail", "Groups", "First name", "Department", "Location", "x", "", "Problem"]) | cells, max_size=8)  # fmt: skip  # noqa: E501


@many
@given(
    headers,
    tables,
    st.sampled_from(",;\t"),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
)
def test_random_tables(header: list[str], rows: list[list[str]], delimiter: str, end: str, quoting: int, encoding: str) -> None:  # fmt: skip  # noqa: E501
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([["E-mail", *header], *rows])
    outcome(file.getvalue().encode(encoding, "replace"))


plain = st.text(
    st.sampled_from("abcÄß,; \t'\"\n\u20ac") | st.characters(categories=["L"], max_codepoint=0x24F), max_size=10
)


@many
@given(
    st.lists(st.lists(plain, min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_tables_are_read_as_they_were_written(rows: list[list[str]], delimiter: str, end: str, encoding: str) -> None:
    """In every encoding that can hold them, with every delimiter and line end."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    written = [[f"p{number}@example.com", *row] for number, row in enumerate(rows)]
    writer.writerows([["E-mail", "First name", "Groups"], *written])
    sheet = outcome(file.getvalue().encode(encoding))
    assert sheet is not None
    # White space alone, in the last cells of a row, is as good as nothing.
    assert [[cell.strip() and cell for cell in row.cells] for row in sheet.rows] == [
        [cell.strip() and cell for cell in row] for row in written
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"E-mail\n" + b'"' * 4_000_000,
        b"E-mail," * 700_000,
        b"," * 5_000_000,
        b" " * 5_000_000,
        b"E-mail," + b" ," * 2_000_000 + b"x",
        b'E-mail, "' + b', "' * 1_600_000,
        b"E-mail\n" + b"'" * 4_000_000 + b"=",
        b"E-mail\n+" + b"|" * 100_000,
        b"E-mail\n+" + b"a" * 100_000,
        b"E-mail\n" + b";'" * 60_000,
        b"E-mail\na@b.example;" + b"\n" * 4_000_000 + b"x",
        b"E-mail,Groups\n" + b"a@b.example,x\n" * 300_000,
        "E-mail\n".encode("utf-16") + "\u00c4".encode("utf-16-le") * 2_000_000,
        b"PK\x03\x04" + b"PK\x01\x02" * 1_000_000,
        b"PK\x03\x04" + bytes(5_000_000),
    ],
    ids=range(15),
)
def test_large_files_made_to_take_long(content: bytes) -> None:
    with at_most(seconds=3), pytest.raises(MusterError):
        read_sheet(content, "")


def test_a_workbook_unpacking_to_itself_over_and_over_is_refused() -> None:
    """Entries that share one body: the directory is short of no size, and yet the file is small."""
    body = zlib.compress(b"<a/>" * 2_500_000, 9)[2:-4]
    crc = zlib.crc32(b"<a/>" * 2_500_000)
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(body), 10_000_000, 1, 0) + b"a" + body
    entries = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(body), 10_000_000, 4, 0, 0, 0, 0, 0, 0)
        + f"{number:04}".encode()
        for number in range(1000)
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entries), len(head), 0)
    with pytest.raises(MusterError) as caught:
        read_sheet(head + entries + end, "")
    assert caught.value.code == "zip_bomb"
