"""ZIP files written as streams: one piece of one file is in memory."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CONTENT_TYPE = "application/zip"

# As every file of the archive: it is made from what is stored, and not at a time of its own.
_TIME = (1980, 1, 1, 0, 0, 0)

# A piece is handed on when this much was compressed.
_PIECE = 64 * 1024


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """The archive of these files, by name, each given piece by piece."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if sink.size >= _PIECE:
                        yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Can't be sought in, so that the archive writes sizes after the files."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return len(self._buffer)

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._buffer += data
        return len(data)

    def taken(self) -> bytes:
        piece, self._buffer = bytes(self._buffer), bytearray()
        return piece


@dataclass
class Archive:
    """A ZIP of these files, by name. `num_rows` is the number of them written so far."""

    files: Iterable[tuple[str, Iterable[bytes]]]
    num_rows: int = 0
    content_type: str = CONTENT_TYPE

    def pieces(self) -> Iterator[bytes]:
        yield from zipped(self._counted())

    def _counted(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        for file in self.files:
            self.num_rows += 1
            yield file
