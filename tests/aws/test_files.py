"""The bucket: long files in parts, links, and uploads that fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.files import PART_BYTES, Files
from chalicelib.core.errors import Unavailable
from tests.harness import World
from tests.patience import fetched

KEY = "exports/m/x.csv"


@pytest.fixture
def bucket(world: World) -> Files:
    return Files(world.stage.environment["FILES_BUCKET"])


def _content(world: World) -> bytes:
    found = world.client("s3").get_object(Bucket=world.stage.environment["FILES_BUCKET"], Key=KEY)
    assert found["ContentType"] == "text/csv"
    return bytes(found["Body"].read())


def _line(number: int) -> bytes:
    return f"{number:>9}".encode() * 10_000


def _lines() -> Iterator[bytes]:
    return (_line(number) for number in range(130))


def test_a_long_file_comes_back_as_it_was_written_and_replaces_what_was_there(world: World, bucket: Files) -> None:
    bucket.write(KEY, [b"before"], "text/csv")
    assert _content(world) == b"before"
    bucket.write(KEY, _lines(), "text/csv")
    assert len(_content(world)) > 2 * PART_BYTES
    assert _content(world) == b"".join(_lines())


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
def test_an_upload_that_breaks_leaves_what_was_there_and_nothing_else(
    world: World, bucket: Files, operation: str
) -> None:
    bucket.write(KEY, [b"before"], "text/csv")

    def break_(**_: Any) -> Any:
        raise Unavailable()

    with world.answering("s3", operation, break_), pytest.raises(Unavailable):
        bucket.write(KEY, _lines(), "text/csv")
    assert _content(world) == b"before"
    assert "Uploads" not in world.client("s3").list_multipart_uploads(Bucket=bucket.bucket)


def test_a_link_is_followed_without_anything_else(bucket: Files) -> None:
    bucket.write(KEY, [b"a,b\r\n"], "text/csv")
    url = bucket.link(KEY, "list.csv", timedelta(minutes=15))
    content, headers = fetched(url)
    assert content == b"a,b\r\n"
    assert headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    query = parse_qs(urlsplit(url).query)
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["900"], ["AWS4-HMAC-SHA256"])


def test_parts_carry_checksums_that_the_end_names(world: World, bucket: Files) -> None:
    """Else S3 refuses the end of the upload; the local cloud does not mind."""
    told: list[dict[str, Any]] = []
    events = client("s3").meta.events

    def look(params: dict[str, Any], **_: Any) -> None:
        told.append(params)

    events.register("provide-client-params.s3.CompleteMultipartUpload", look)
    try:
        bucket.write(KEY, _lines(), "text/csv")
    finally:
        events.unregister("provide-client-params.s3.CompleteMultipartUpload", look)
    (params,) = told
    assert all(part.get("ChecksumCRC32") for part in params["MultipartUpload"]["Parts"])
