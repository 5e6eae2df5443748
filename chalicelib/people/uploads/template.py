"""The template that people fill in, as CSV and as an Excel workbook (I2): headings, and nobody below them."""

from pathlib import Path

from chalicelib.core.csv_files import Sheet
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# Saved once from a spreadsheet library: bold headings, frozen, above cells of text, so that numbers of employees keep
# their leading zeros.
_WORKBOOK = Path(__file__).with_name("people.xlsx")


def template_csv() -> bytes:
    return b"".join(Sheet(TEMPLATE_COLUMNS, ()).pieces())


def template_xlsx() -> bytes:
    return _WORKBOOK.read_bytes()
