"""The XML parts of an uploaded workbook, read as a stream within a budget, so that none can take memory or time.

openpyxl is not used for this: its tables of styles, strings and ranges are built whole before the first row, and a
workbook of 5 KB with one number format of 200,000 brackets keeps it busy for ten seconds (with 2 MB, for a quarter
of an hour). The tests compare this reader with it.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from chalicelib.core.errors import MusterError
from chalicelib.people.uploads.limits import MAX_ROWS
from chalicelib.people.uploads.spreadsheet.refusals import refusal

# 500 rows of 50 columns are 75,000 elements and 2 MB. What is over it is formatting, or meant to do harm.
MAX_ELEMENTS = 500_000
MAX_READ = 16_000_000
# So often that may be read for one request: the starts of all sheets, one sheet, and once more to keep the file.
_MAX_TIMES = 4
# A rich text is nine deep.
MAX_DEPTH = 64

# A tag with its attributes. The parser needs the whole of it before it says anything, and starts anew with every piece.
_MAX_TAG = 200_000
_PIECE = 65_536

MAX_ENTRIES = 2_000
MAX_UNPACKED = 50_000_000
MAX_RATIO = 200
# Below it no ratio does harm, and a sheet of equal cells packs well.
_HARMLESS = 1_000_000

_ENTRY_MARK = b"PK\x01\x02"

# What a damaged file makes zipfile raise, by its source and by trying.
CORRUPT_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    LookupError,
    ValueError,
    OverflowError,
    expat.ExpatError,
)

Attributes = Mapping[str, str]


class StopParsing(Exception):
    """Raised by a handler that needs no more of its part."""


@dataclass
class Handler:
    """What to call for a part's elements, by their names without prefix. `text` gets each run of text in pieces."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None] = lambda name: None
    text: Callable[[str], None] = lambda text: None


def archive_of(content: bytes) -> zipfile.ZipFile:
    """Raises MusterError for what is damaged, encrypted, or unpacks to far more than a list of people."""
    # Counted before anything is made of each: more of them than this could take a second to list.
    if content.count(_ENTRY_MARK) > MAX_ENTRIES:
        raise refusal("zip_bomb")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except CORRUPT_ARCHIVE:
        raise refusal("broken_workbook") from None
    # What the directory admits to; the rest shows while reading, for nothing is unpacked beyond its budget.
    unpacked = sum(entry.file_size for entry in entries)
    is_bomb = unpacked > MAX_UNPACKED or (unpacked > _HARMLESS and unpacked > MAX_RATIO * len(content))
    if is_bomb or len(entries) > MAX_ENTRIES:
        raise refusal("zip_bomb")
    if any(entry.flag_bits & 1 for entry in entries):
        raise refusal("encrypted")
    return archive


@dataclass
class _Budget:
    num_elements: int
    num_bytes: int

    def spend(self, num_bytes: int) -> None:
        self.num_bytes -= num_bytes
        if self.num_bytes < 0:
            raise _too_much()


@dataclass(slots=True)
class _Count:
    """The elements of one part so far, and how deep the parser is."""

    num_elements: int = 0
    depth: int = 0


class Parts:
    """The parts of one archive. All of them together are read up to the budget.

    Their names are compared without letter case (ECMA-376 part 2, 6.2.2.3), and backslashes in them, as some programs
    write them, are slashes.
    """

    def __init__(self, archive: zipfile.ZipFile, total: _Budget | None = None) -> None:
        self._archive = archive
        self._budget = _Budget(MAX_ELEMENTS, MAX_READ)
        self._total = total or _Budget(_MAX_TIMES * MAX_ELEMENTS, _MAX_TIMES * MAX_READ)
        self._entries = {_key(entry.filename): entry for entry in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._entries

    def names(self) -> list[str]:
        """In small letters."""
        return list(self._entries)

    def bytes_of(self, name: str, limit: int) -> bytes:
        """The first bytes of a part, packed or not."""
        try:
            with self._archive.open(self._entries[_key(name)]) as part:
                return part.read(limit)
        except CORRUPT_ARCHIVE:
            raise refusal("broken_workbook") from None

    def afresh(self) -> "Parts":
        """The same parts under a budget of their own, within that of the archive."""
        return Parts(self._archive, self._total)

    def read(self, name: str, handler: Handler) -> None:
        """Hands a part to its handler, piece by piece. Raises MusterError."""
        try:
            self._read(name, handler)
        except StopParsing:
            return
        except CORRUPT_ARCHIVE:
            raise refusal("broken_workbook") from None

    def _read(self, name: str, handler: Handler) -> None:
        info = self._entries[_key(name)]
        # Other methods unpack whole blocks at a time, and no spreadsheet program uses them.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refusal("broken_workbook")
        parser, count = self._parser(handler)
        num_fed = 0
        try:
            with self._archive.open(info) as part:
                while piece := part.read(_PIECE):
                    self._spend(num_bytes=len(piece))
                    num_fed += len(piece)
                    parser.Parse(piece, False)
                    if num_fed - parser.CurrentByteIndex > _MAX_TAG:
                        raise _too_much()
            parser.Parse(b"", True)
        finally:
            self._budget.num_elements -= count.num_elements
            self._total.num_elements -= count.num_elements

    def _spend(self, num_bytes: int) -> None:
        self._budget.spend(num_bytes)
        self._total.spend(num_bytes)

    def _parser(self, handler: Handler) -> tuple[expat.XMLParserType, "_Count"]:
        """The parser, and the elements that it has met."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        # These two are called for each of half a million elements: a call less in them is felt.
        most = min(self._budget.num_elements, self._total.num_elements)
        count = _Count()
        on_start, on_end = handler.start, handler.end

        def start(name: str, attributes: Attributes) -> None:
            count.num_elements += 1
            count.depth += 1
            if count.num_elements > most or count.depth > MAX_DEPTH:
                raise _too_much()
            on_start(name[name.rfind(":") + 1 :], attributes)

        def end(name: str) -> None:
            count.depth -= 1
            on_end(name[name.rfind(":") + 1 :])

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = handler.text
        # Entities, which can grow without end or name files, can be declared nowhere else (so does defusedxml).
        parser.StartDoctypeDeclHandler = _refuse_doctype
        return parser, count


def _key(name: str) -> str:
    return name.replace("\\", "/").casefold()


def local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_doctype(*declaration: object) -> None:
    raise refusal("unsafe_xml")


def _too_much() -> MusterError:
    return refusal("too_much_content", limit=MAX_ROWS)
