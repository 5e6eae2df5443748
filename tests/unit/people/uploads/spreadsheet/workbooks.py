"""Excel workbooks for tests: as openpyxl writes them, and with parts that no spreadsheet program would write."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "xl/_rels/workbook.xml.rels"
STRINGS = "xl/sharedStrings.xml"

HEADER = ("E-mail", "First name", "Groups")
ANN = ("ann@example.com", "Ann", "Finance")


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def workbook(*lines: Sequence[Any]) -> bytes:
    book = Workbook()
    for line in lines or (HEADER, ANN):
        book.active.append(list(line))
    return saved(book)


def with_parts(content: bytes, parts: Mapping[str, str | bytes | None]) -> bytes:
    """The archive with these parts in place of its own, or besides; None takes one out."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as known,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in dict.fromkeys((*known.namelist(), *parts)):
            part = parts[name] if name in parts else known.read(name)
            if part is not None:
                made.writestr(name, part)
    return file.getvalue()


def part_of(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def sharing(content: bytes) -> bytes:
    """With its texts in the list of shared strings, where Excel puts them; openpyxl writes them into the cells."""
    texts: list[str] = []

    def shared(match: re.Match[str]) -> str:
        texts.append(match[2])
        return f't="s"{match[1]}><v>{len(texts) - 1}</v></c>'

    sheet = re.sub(r't="inlineStr"([^>]*)><is>(.*?)</is></c>', shared, part_of(content, SHEET), flags=re.DOTALL)
    items = "".join(f"<si>{text}</si>" for text in texts)
    return with_strings(with_parts(content, {SHEET: sheet}), f'<sst xmlns="{MAIN}">{items}</sst>')


def with_strings(content: bytes, strings: str) -> bytes:
    relations = part_of(content, RELATIONS)
    kind = f"{OFFICE}/sharedStrings"
    one = f'<Relationship Id="strings" Type="{kind}" Target="/{STRINGS}"/></Relationships>'
    return with_parts(content, {RELATIONS: relations.replace("</Relationships>", one), STRINGS: strings})


def sheet_of(rows: str) -> bytes:
    """A workbook whose sheet has these rows, as XML."""
    return with_parts(workbook(), {SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'})


def inline(*texts: str) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' for text in texts)
    return f"<row>{cells}</row>"
