"""Parts of a pack in the bucket: each is written once, with the state that the next one begins with."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

from chalicelib.aws.files import files
from chalicelib.core.errors import Unavailable
from chalicelib.reporting.evidence.messages import CollectEvidence
from chalicelib.reporting.evidence.states import State

_STATE = "state.json"
_PIECE = 256 * 1024


def key_of(job: CollectEvidence, number: int) -> str:
    """Of the parts from 1 on. The bucket's lifecycle deletes what is under `exports/` after 7 days."""
    return f"exports/{job.msp_id}/{job.export_id}/part-{number:05d}.zip"


def write(job: CollectEvidence, number: int, slices: Mapping[str, str], state: State) -> None:
    """One object and one call: a part is there as a whole, and the first that is written stays.

    So two deliveries of one message, however they overlap, go on from the same part.
    """
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in slices.items():
            archive.writestr(name, text.encode("utf-8", "replace"))
        archive.writestr(_STATE, state.model_dump_json())
    files().write_once(key_of(job, number), sink.getvalue())


def state_after(job: CollectEvidence, number: int) -> State:
    """Of the first parts, as many. Raises Unavailable when the last of them is not there."""
    if not number:
        return State()
    with zipfile.ZipFile(io.BytesIO(_read(job, number))) as archive:
        return State.model_validate(json.loads(archive.read(_STATE)))


def clear(job: CollectEvidence, number: int) -> None:
    """Deletes the first parts, as many, and one more, which may be there though nobody noted it down."""
    for each in range(1, number + 2):
        files().delete(key_of(job, each))


def clear_one(job: CollectEvidence, number: int) -> None:
    files().delete(key_of(job, number))


def _read(job: CollectEvidence, number: int) -> bytes:
    content = files().read(key_of(job, number))
    if content is None:
        raise Unavailable()
    return content


class Parts:
    """All parts of a pack, as they are compressed, in one temporary file: each is fetched once, one is in memory."""

    def __init__(self, job: CollectEvidence, number: int, file: IO[bytes]) -> None:
        self._file = file
        self._places: list[tuple[int, int]] = []
        for each in range(1, number + 1):
            content = _read(job, each)
            self._places.append((file.tell(), len(content)))
            file.write(content)

    def whole(self, name: str) -> Iterator[bytes]:
        """The slices of this name, one behind the other."""
        for start, size in self._places:
            self._file.seek(start)
            with zipfile.ZipFile(io.BytesIO(self._file.read(size))) as archive:
                if name not in archive.namelist():
                    continue
                with archive.open(name) as slice_:
                    while piece := slice_.read(_PIECE):
                        yield piece


def temporary() -> IO[bytes]:
    return tempfile.TemporaryFile("w+b")
