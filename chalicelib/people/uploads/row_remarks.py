"""What is worth knowing about a row and changes nothing: how its cells came to their texts."""

from collections.abc import Iterator, Sequence

from chalicelib.people.uploads.row_schemas import RemarkOut
from chalicelib.people.uploads.spreadsheet.columns import Column
from chalicelib.people.uploads.spreadsheet.garbled import is_garbled, ungarbled
from chalicelib.people.uploads.spreadsheet.refusals import explain
from chalicelib.people.uploads.spreadsheet.sheet import CellNote, SheetRow, letters

# So much of a text is repeated in a sentence.
_SHOWN = 80


def remarks_on(row: SheetRow, columns: Sequence[Column], *, is_guessed: bool) -> Iterator[RemarkOut]:
    """About the cells that are used. `is_guessed`: the encoding of the file is a guess."""
    if row.is_hidden:
        yield _remark("", "hidden_row")
    for index, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        if column.meaning is None:
            continue
        note = row.notes.get(index)
        if note in (CellNote.STORED_VALUE, CellNote.ERROR):
            yield _remark(column.heading, note, place=f"{letters(index + 1)}{row.number}")
        meant = ungarbled(cell)
        if meant is not None:
            yield _remark(column.heading, "garbled", "garbled_near", given=cell[:_SHOWN], meant=meant[:_SHOWN])
        elif is_garbled(cell):
            yield _remark(column.heading, "garbled", given=cell[:_SHOWN])
        elif is_guessed and not cell.isascii():
            yield _remark(column.heading, "guessed_letters", given=cell[:_SHOWN])


def _remark(column: str, code: str, text: str | None = None, **names: object) -> RemarkOut:
    return RemarkOut(column=column, code=code, sentence=explain(text or code, **names).sentence)
