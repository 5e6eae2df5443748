"""What S3 refuses of an upload in parts and the local cloud's takes, refused here too.

An upload is begun with an algorithm of checksums, or with none, and all that follows has to agree.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

_Params = Mapping[str, Any]
_Answer = tuple[int, dict[str, str], bytes]

_PART = re.compile(rb"<Part>.*?</Part>", re.DOTALL)
_NAMED = re.compile(rb"<Checksum(\w+)>")


def mend() -> None:
    """To be called once, in the local cloud's process."""
    s3: Any = importlib.import_module("ministack.services.s3")
    s3._upload_part = _agreeing(s3, s3._upload_part)
    s3._complete_multipart_upload = _ending(s3, s3._complete_multipart_upload)


def _agreeing(s3: Any, original: Callable[..., _Answer]) -> Callable[..., _Answer]:
    def upload_part(bucket: str, key: str, body: bytes, params: _Params, headers: _Params) -> _Answer:
        expected = _algorithm(s3, params)
        actual = next((name for name in _sent(headers) if name != expected), None)
        if expected and expected not in _sent(headers):
            said = f"expected checksum Type: {expected.lower()}, actual checksum Type: {(actual or 'null').lower()}"
            refused: _Answer = s3._error("InvalidRequest", f"Checksum Type mismatch occurred, {said}", 400)
            return refused
        return original(bucket, key, body, params, headers)

    return upload_part


def _ending(s3: Any, original: Callable[..., _Answer]) -> Callable[..., _Answer]:
    def complete(bucket: str, key: str, body: bytes, params: _Params, headers: _Params | None = None) -> _Answer:
        expected = _algorithm(s3, params)
        for number, part in enumerate(_PART.findall(body), start=1):
            named = {name.decode() for name in _NAMED.findall(part)}
            refused: _Answer | None = None
            if expected and expected not in named:
                said = f"The upload was created using a {expected.lower()} checksum. The complete request must include "
                said += f"the checksum for each part. It was missing for part {number} in the request."
                refused = s3._error("InvalidRequest", said, 400)
            elif named - {expected}:
                # Checksums of another algorithm are not kept, so that there is no such part.
                refused = s3._error("InvalidPart", "One or more of the specified parts could not be found.", 400)
            if refused:
                return refused
        return original(bucket, key, body, params, headers)

    return complete


def _algorithm(s3: Any, params: _Params) -> str | None:
    upload = s3._multipart_uploads.get(s3._qp(params, "uploadId")) or {}
    return upload.get("checksum_algorithm")


def _sent(headers: _Params) -> set[str]:
    """Algorithms of the checksums in a request's head, or told there to come behind its body."""
    told = [name.lower() for name in headers] + [str(headers.get("x-amz-trailer", "")).lower()]
    found = (re.fullmatch(r"x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)", name) for name in told)
    return {match[1].upper() for match in found if match}
