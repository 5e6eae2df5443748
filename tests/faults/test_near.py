"""S3 and KMS answer the same with and without the network in between."""

import io
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.cloud import Cloud
from tests.faults import cloud_digest
from tests.faults.near import near
from tests.harness import World

# They differ from call to call.
_OF_A_CALL = frozenset({"ResponseMetadata", "LastModified", "UploadId", "VersionId"})


def _calls(world: World) -> Iterator[Any]:
    """What Muster asks of them, and what it does not get."""
    s3, kms = world.client("s3"), world.client("kms")
    bucket, anchors = (world.stage.environment[name] for name in ("FILES_BUCKET", "ANCHORS_BUCKET"))
    here = {"Bucket": bucket, "Key": "a folder/ä file+.csv"}
    yield s3.put_object(**here, Body=b"bytes", ContentType="text/csv")
    yield s3.get_object(**here)
    yield s3.put_object(**here, Body=io.BytesIO(b"a file"))
    yield s3.get_object(**here)
    yield s3.head_object(**here)
    yield s3.list_objects_v2(Bucket=bucket)
    upload = s3.create_multipart_upload(**here)
    yield upload
    part = s3.upload_part(**here, UploadId=upload["UploadId"], PartNumber=1, Body=b"part")
    yield part
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    yield s3.complete_multipart_upload(**here, UploadId=upload["UploadId"], MultipartUpload=parts)
    yield s3.get_object(**here)
    yield s3.delete_object(**here)
    with pytest.raises(ClientError) as missing:
        s3.get_object(**here)
    yield missing.value.response["Error"]
    yield s3.put_object(Bucket=anchors, Key="anchor", Body=b"")
    yield s3.list_object_versions(Bucket=anchors)
    key = world.stage.environment["EVIDENCE_KEY"]
    yield kms.get_public_key(KeyId=key)
    yield kms.sign(KeyId=key, Message=b"text", MessageType="RAW", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")
    with pytest.raises(ClientError) as unknown:
        kms.get_public_key(KeyId="alias/none")
    yield unknown.value.response["Error"]


def _plain(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: _plain(value) for name, value in said.items() if name not in _OF_A_CALL}
    if isinstance(said, list):
        return [_plain(value) for value in said]
    return said.read() if hasattr(said, "read") else said


def test_they_answer_the_same(world: World, cloud: Cloud) -> None:
    new, answers = cloud_digest.snapshot(), []
    for way in (near(cloud), nullcontext()):
        cloud_digest.restore(new)
        with way:
            answers.append([_plain(said) for said in _calls(world)])
    first, second = answers
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one == other
