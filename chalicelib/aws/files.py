"""S3: writes files in parts, reads them, and makes links that expire."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import StorageFailure, translated
from chalicelib.core.errors import MusterError
from chalicelib.core.settings import anchors_bucket, settings

# S3's minimum for a part other than the last. 10,000 parts make 50 GB, and one of them is in memory.
PART_BYTES = 5 * 1024 * 1024

# botocore sends a checksum with each part. S3 keeps those of the algorithm with which the upload was begun, and refuses
# an end that names others.
_CHECKSUM = "CRC32"


@dataclass(frozen=True)
class FirstVersion:
    """What a file was when it was first written."""

    key: str
    version_id: str


@dataclass(frozen=True)
class Files:
    bucket: str

    def write(self, key: str, pieces: Iterable[bytes], content_type: str) -> None:
        """Write a file from pieces, with one part in memory. It replaces an existing file only when it is complete."""
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

    def read(self, key: str, max_bytes: int | None = None) -> bytes | None:
        """The file, or its first bytes; None when there is none."""
        part = {} if max_bytes is None else {"Range": f"bytes=0-{max_bytes - 1}"}
        try:
            with translated():
                answer = client("s3").get_object(Bucket=self.bucket, Key=key, **part)
                content: bytes = answer["Body"].read()
        except StorageFailure as error:
            # Who may not list a bucket is not told that a file is missing, only that access is denied.
            if error.aws_code in ("NoSuchKey", "AccessDenied"):
                return None
            raise
        return content

    def write_once(self, key: str, content: bytes) -> bool:
        """False, and nothing, when the file is there, or when an earlier answer was lost."""
        try:
            with translated():
                client("s3").put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
        except StorageFailure as error:
            if error.aws_code != "PreconditionFailed":
                raise
            return False
        return True

    def read_last(self, prefix: str) -> bytes | None:
        """Of the files with this prefix the one with the last key, as it was first written; None when there is none.

        For a bucket that keeps versions: a later version, or a mark of deletion, counts for nothing.
        """
        versions: list[FirstVersion] = []
        for version in self._first_versions(prefix, None):
            versions = [version]
        return self.read_version(versions[0]) if versions else None

    def first_versions(self, prefix: str, after: str | None, limit: int) -> list[FirstVersion]:
        """Of the files with this prefix those after a key, in the order of their keys: of each what was first written.

        For a bucket that keeps versions: a later version, or a mark of deletion, counts for nothing.
        """
        return list(itertools.islice(self._first_versions(prefix, after), limit))

    def _first_versions(self, prefix: str, after: str | None) -> Iterator[FirstVersion]:
        """One call for each thousand versions."""
        marker = {"KeyMarker": after} if after else {}
        first: FirstVersion | None = None
        while True:
            with translated():
                answer = client("s3").list_object_versions(Bucket=self.bucket, Prefix=prefix, **marker)
            # By key, and of each the newest first, as S3 lists them: the last one of a key was written first.
            for version in answer.get("Versions", []):
                if after is not None and version["Key"] <= after:
                    continue
                if first is not None and first.key != version["Key"]:
                    yield first
                first = FirstVersion(version["Key"], version["VersionId"])
            if not answer.get("IsTruncated"):
                break
            marker = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}
        if first is not None:
            yield first

    def read_version(self, version: FirstVersion) -> bytes:
        with translated():
            found = client("s3").get_object(Bucket=self.bucket, Key=version.key, VersionId=version.version_id)
            content: bytes = found["Body"].read()
        return content

    def delete(self, key: str) -> None:
        """Harmless when there is no such file."""
        with translated():
            client("s3").delete_object(Bucket=self.bucket, Key=key)

    def link(self, key: str, file_name: str, lasts: timedelta) -> str:
        """A link that works for anybody who has it. Made without a call, whether or not the file exists.

        `file_name` is plain ASCII without quotation marks.
        """
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        }
        with translated():
            url: str = client("s3").generate_presigned_url("get_object", parameters, int(lasts.total_seconds()))
        return url


@dataclass(frozen=True)
class _Upload:
    """An upload in parts. If neither completed nor aborted, the bucket's lifecycle rule deletes it after a day."""

    target: dict[str, str]
    parts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, part: bytearray) -> None:
        number = len(self.parts) + 1
        with translated():
            answer = client("s3").upload_part(**self.target, PartNumber=number, Body=part, ChecksumAlgorithm=_CHECKSUM)
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
        answer = client("s3").create_multipart_upload(
            Bucket=bucket, Key=key, ContentType=content_type, ChecksumAlgorithm=_CHECKSUM
        )
    return _Upload({"Bucket": bucket, "Key": key, "UploadId": answer["UploadId"]})


def files() -> Files:
    return Files(settings().files_bucket)


def anchors() -> Files:
    """The bucket in which nothing can be changed."""
    return Files(anchors_bucket())
