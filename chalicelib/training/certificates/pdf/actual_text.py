"""Says in a typeset file what its names are, letter by letter.

The typesetter tells of each run of glyphs what it stands for. Where a letter's parts lie in several runs, as in Arabic,
Khmer and Thai, whoever copies or searches the text would get it twice, or in another order. ActualText around all runs
of a text (ISO 32000, 14.9.4) is read instead of them.
"""

import io
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any


def with_actual_text(pdf: bytes, organization: str, strong: Sequence[str]) -> bytes:
    """`organization` is the text of the first paragraph, `strong` those of the strong ones, in their order."""
    # What only this function's layer has.
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ContentStream, DictionaryObject, NameObject, NumberObject, TextStringObject

    reader = PdfReader(io.BytesIO(pdf))
    writer = PdfWriter(clone_from=reader)
    writer.pdf_header = reader.pdf_header
    (page,) = writer.pages
    elements = list(_elements(writer.root_object["/StructTreeRoot"]))
    first = [element for element in elements if element["/S"] == "/P"][:1]
    told = [*first, *(element for element in elements if element["/S"] == "/Strong")]
    texts: dict[int, str] = {}
    last_runs: set[int] = set()
    for element, text in zip(told, (organization, *strong), strict=True):
        runs = sorted(_marked(element))
        # Within one run the typesetter says it right. So it does in Hebrew, and some viewers turn that around.
        if len(runs) == 1 or any(unicodedata.bidirectional(letter) == "R" for letter in text):
            continue
        texts[runs[0]] = text
        last_runs.add(runs[-1])
        # All runs become the first one: a text that is told of several is read as several.
        element[NameObject("/K")] = NumberObject(runs[0])
    content = ContentStream(page.get_contents(), writer)
    operations: list[Any] = []
    # The runs that are open, and None for what else is; whether a text is, so that no other marks count.
    opened: list[int | None] = []
    is_told = False
    for operands, operator in content.operations:
        if operator in (b"BDC", b"BMC"):
            number = _number(operands)
            opened.append(number)
            if is_told:
                continue
            operations.append((operands, operator))
            if number in texts:
                is_told = True
                span = DictionaryObject({NameObject("/ActualText"): TextStringObject(texts[number])})
                operations.append(([NameObject("/Span"), span], b"BDC"))
        elif operator == b"EMC":
            is_last = opened.pop() in last_runs
            if is_told and not is_last:
                continue
            operations += [([], b"EMC")] * (2 if is_told else 1)
            is_told = False
        else:
            operations.append((operands, operator))
    content.operations = operations
    page.replace_contents(content)
    page.compress_content_streams()
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _number(operands: Any) -> int | None:
    """Of a run of glyphs; None for other marks."""
    properties = operands[1] if len(operands) > 1 else None
    return properties.get("/MCID") if isinstance(properties, dict) else None


def _elements(element: Any) -> Iterator[Any]:
    """The structure's elements, in the order of reading."""
    for kid in _kids(element):
        if isinstance(kid, dict) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def _marked(element: Any) -> Iterator[int]:
    """The numbers of the runs of glyphs below an element."""
    for kid in _kids(element):
        if isinstance(kid, int):
            yield int(kid)
        elif "/S" in kid:
            yield from _marked(kid)


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    return [kid.get_object() for kid in (kids if isinstance(kids, list) else [kids])]
