"""The bucket: long files in parts, links, and uploads that fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

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


# What S3 has to say of an upload in two parts, by the algorithms of its beginning, its parts and its end.
@pytest.mark.parametrize(
    ("begun", "sent", "named", "refusal"),
    [
        ("CRC32", "CRC32", "CRC32", None),
        # As it was: botocore gives each part a checksum, whether or not the upload was begun for it.
        (None, "CRC32", "CRC32", "InvalidPart"),
        ("CRC32", "CRC32", None, "InvalidRequest"),
        ("CRC32", "SHA256", "CRC32", "InvalidRequest"),
        (None, "CRC32", None, None),
    ],
)
def test_s3_refuses_parts_whose_checksums_the_upload_was_not_begun_for(
    world: World, bucket: Files, begun: str | None, sent: str, named: str | None, refusal: str | None
) -> None:
    s3, target = world.client("s3"), {"Bucket": bucket.bucket, "Key": KEY}
    more = {"ChecksumAlgorithm": begun} if begun else {}
    upload = target | {"UploadId": s3.create_multipart_upload(**target, **more)["UploadId"]}

    def upload_and_end() -> None:
        answer = s3.upload_part(**upload, PartNumber=1, Body=b"x", ChecksumAlgorithm=sent)
        part = {"PartNumber": 1, "ETag": answer["ETag"]}
        if named:
            part[f"Checksum{named}"] = answer[f"Checksum{named}"]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})

    if refusal is None:
        upload_and_end()
        return
    with pytest.raises(ClientError) as refused:
        upload_and_end()
    assert refused.value.response["Error"]["Code"] == refusal
