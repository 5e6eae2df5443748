"""Files are written in parts, so that a long list needs no more memory."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import files
from chalicelib.aws.files import PART_BYTES, Files
from chalicelib.core.csv_files import CONTENT_TYPE, Sheet
from chalicelib.core.errors import Unavailable

_LEAST_PART = 5 * 1024 * 1024
_HEADINGS = ("member_id", "name", "email", "outcome", "sentence", "next_step")


class FakeS3:
    """Keeps sizes and order, not contents, unless it is asked to."""

    def __init__(self, *, keeps: bool = False) -> None:
        self.calls: list[str] = []
        self.sizes: list[int] = []
        self.content = b""
        self.completed: list[dict[str, Any]] | None = None
        self._keeps = keeps

    def _take(self, call: str, body: bytearray) -> None:
        self.calls.append(call)
        self.sizes.append(len(body))
        if self._keeps:
            self.content += bytes(body)

    def put_object(self, *, Body: bytearray, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._take("put", Body)
        return {}

    def create_multipart_upload(self, *, ChecksumAlgorithm: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        assert ChecksumAlgorithm == "CRC32"
        self.calls.append("create")
        return {"UploadId": "u"}

    def upload_part(self, *, PartNumber: int, Body: bytearray, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._take(f"part {PartNumber}", Body)
        return {"ETag": f"e{PartNumber}", "ChecksumCRC32": f"c{PartNumber}", "ResponseMetadata": {}}

    def complete_multipart_upload(self, *, MultipartUpload: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.calls.append("complete")
        self.completed = MultipartUpload["Parts"]
        return {}

    def abort_multipart_upload(self, **_: Any) -> dict[str, Any]:
        self.calls.append("abort")
        return {}


def _s3(monkeypatch: pytest.MonkeyPatch, *, keeps: bool = False) -> FakeS3:
    s3 = FakeS3(keeps=keeps)
    monkeypatch.setattr(files, "client", lambda _: s3)
    return s3


def _rows(count: int) -> Iterator[list[str]]:
    """A fake source, which makes each row when it is asked for."""
    for number in range(count):
        who = f"person{number}@example.com"
        yield [f"01MBG28E80{number:016}", "Ann Lee", who, "enrolled", "Enrolled by this batch. " * 8, "Nothing to do."]


def _peak_of(count: int, s3: FakeS3) -> int:
    sheet = Sheet(_HEADINGS, _rows(count))
    tracemalloc.start()
    try:
        Files("bucket").write("key", sheet.pieces(), CONTENT_TYPE)
        assert sheet.num_rows == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_the_same_for_100_000_rows_and_for_30_000(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = _s3(monkeypatch)
    smaller, larger = _peak_of(30_000, s3), _peak_of(100_000, s3)
    assert sum(s3.sizes) > 30_000_000
    assert larger < smaller * 1.1
    assert larger < 3 * PART_BYTES


def test_a_long_file_goes_up_in_parts_of_at_least_5_mb(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = _s3(monkeypatch, keeps=True)
    pieces = [bytes([number % 251]) * 700_000 for number in range(20)]
    Files("bucket").write("key", pieces, CONTENT_TYPE)
    assert s3.calls == ["create", "part 1", "part 2", "part 3", "complete"]
    assert s3.content == b"".join(pieces)
    assert all(size >= _LEAST_PART for size in s3.sizes[:-1])
    # S3 refuses an upload whose parts were sent with checksums when they are not named in the end.
    assert s3.completed == [
        {"PartNumber": number, "ETag": f"e{number}", "ChecksumCRC32": f"c{number}"} for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES])
def test_a_small_file_goes_up_in_one_call(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    s3 = _s3(monkeypatch)
    Files("bucket").write("key", [b"x" * size] if size else [], CONTENT_TYPE)
    assert (s3.calls, s3.sizes) == (["put"], [size])


def test_an_upload_whose_source_breaks_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = _s3(monkeypatch)

    def breaking() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * PART_BYTES
        raise Unavailable()

    with pytest.raises(Unavailable):
        Files("bucket").write("key", breaking(), CONTENT_TYPE)
    assert s3.calls == ["create", "part 1", "part 2", "abort"]


def test_an_upload_that_cannot_be_taken_back_says_what_broke_first(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = _s3(monkeypatch)

    def break_(**_: Any) -> dict[str, Any]:
        raise Unavailable("the_end", "The end could not be told.")

    def break_too(**_: Any) -> dict[str, Any]:
        raise Unavailable("the_abort", "Nor could the abort.")

    monkeypatch.setattr(s3, "complete_multipart_upload", break_)
    monkeypatch.setattr(s3, "abort_multipart_upload", break_too)
    with pytest.raises(Unavailable) as failure:
        Files("bucket").write("key", [b"x" * PART_BYTES, b"y"], CONTENT_TYPE)
    assert failure.value.code == "the_end"
