"""S3: files written piece by piece, and links by which one of them can be fetched for a while."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.core.errors import MusterError
from chalicelib.core.settings import settings

# The least that S3 takes as a part, the last one aside. 10,000 of them make 50 GB, and one is held in memory.
PART_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Files:
    bucket: str

    def write(self, key: str, pieces: Iterable[bytes], content_type: str) -> None:
        """One file out of pieces, of which one part at most is in memory. It replaces what was there, as a whole:
        until the last piece is written nothing of it shows.
        """
        upload: _Upload | None = None
        part = bytearray()
        try:
            for piece in pieces:
                if len(part) >= PART_BYTES:
                    upload = upload or _begin(self.bucket, key, content_type)
                    upload.add(part)
                    part = bytearray()
                part += piece
            if upload is not None:
                upload.add(part)
                upload.complete()
                return
        except Exception:
            if upload is not None:
                upload.abort()
            raise
        with translated():
            client("s3").put_object(Bucket=self.bucket, Key=key, Body=part, ContentType=content_type)

    def delete(self, key: str) -> None:
        """Deleting what is not there changes nothing."""
        with translated():
            client("s3").delete_object(Bucket=self.bucket, Key=key)

    def link(self, key: str, file_name: str, lasts: timedelta) -> str:
        """A link for whoever holds it. Made here without a call, whether or not there is such a file.

        `file_name` is plain ASCII without quotation marks.
        """
        wanted = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        }
        with translated():
            url: str = client("s3").generate_presigned_url("get_object", wanted, int(lasts.total_seconds()))
        return url


@dataclass(frozen=True)
class _Upload:
    """An upload in parts. What is neither completed nor aborted goes by the bucket's lifecycle, after a day."""

    target: dict[str, str]
    parts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, part: bytearray) -> None:
        number = len(self.parts) + 1
        with translated():
            answer = client("s3").upload_part(**self.target, PartNumber=number, Body=part)
        # S3 wants the checksums back that botocore sent along with each part.
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        self.parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})

    def complete(self) -> None:
        with translated():
            client("s3").complete_multipart_upload(**self.target, MultipartUpload={"Parts": self.parts})

    def abort(self) -> None:
        with suppress(MusterError), translated():
            client("s3").abort_multipart_upload(**self.target)


def _begin(bucket: str, key: str, content_type: str) -> _Upload:
    with translated():
        answer = client("s3").create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)
    return _Upload({"Bucket": bucket, "Key": key, "UploadId": answer["UploadId"]})


def files() -> Files:
    return Files(settings().files_bucket)
