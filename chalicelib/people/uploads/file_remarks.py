"""What is worth knowing about an uploaded file as a whole."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from chalicelib.people.uploads.schemas import FileRemarkOut, SameFileOut
from chalicelib.people.uploads.spreadsheet.meanings import Meaning, Reason, Source
from chalicelib.people.uploads.spreadsheet.reader import Reading
from chalicelib.people.uploads.spreadsheet.refusals import explain

# So many stretches of lines are named.
_SHOWN = 20


def remarks_on(reading: Reading, same_file: SameFileOut | None) -> Iterator[FileRemarkOut]:
    decoding = reading.document.decoding
    if same_file is not None:
        yield _remark("same_file", date=same_file.uploaded_at[:10])
    if not any(column.meaning == Meaning.EMAIL for column in reading.columns):
        yield _remark("no_email_chosen")
    if any(column.reason == Reason.SECRET for column in reading.columns):
        yield _remark("secrets_removed")
    if reading.others:
        names = ", ".join(f"\u201c{name}\u201d" for name in reading.others[:_SHOWN])
        yield _remark("other_sheets", sheet=reading.sheet_name, names=names)
    if reading.has_title:
        yield _remark("title_above", line=reading.sheet.header_number)
    hidden = [row.number for row in reading.sheet.rows if row.is_hidden]
    if hidden:
        yield _remark("hidden_rows", count=len(hidden), lines=_stretches(hidden))
    if decoding is not None and decoding.source == Source.GUESSED:
        yield _remark("guessed_encoding", encoding=decoding.label)
    if decoding is not None and decoding.overruled is not None:
        yield _remark("overruled_encoding", declared=decoding.overruled, encoding=decoding.label)


def _stretches(numbers: Iterable[int]) -> str:
    """`2-5, 9`."""
    texts = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        stretch = [number for _, number in group]
        texts.append(str(stretch[0]) if len(stretch) == 1 else f"{stretch[0]}-{stretch[-1]}")
    return ", ".join([*texts[:_SHOWN], *(["\u2026"] if len(texts) > _SHOWN else [])])


def _remark(code: str, **names: object) -> FileRemarkOut:
    explanation = explain(code, **names)
    return FileRemarkOut(code=code, sentence=explanation.sentence, next_step=explanation.next_step)
