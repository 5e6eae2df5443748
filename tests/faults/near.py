"""S3 and KMS without the network in between, as tests/in_process_cloud.py has the services that are used most."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from infra.cloud import Cloud
from tests import in_process_cloud

_SERVICES = ("kms", "s3")


@contextmanager
def near(cloud: Cloud) -> Iterator[None]:
    """test_near.py compares the answers."""
    sent = URLLib3Session.send
    modules = {name: importlib.import_module(f"ministack.services.{name}") for name in _SERVICES}

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        text = in_process_cloud._text
        signed = in_process_cloud._SIGNED.search(text(request.headers.get("Authorization", "")))
        module = modules.get(signed[1]) if signed else None
        # The server takes bodies apart that are sent in pieces.
        is_whole = "aws-chunked" not in text(request.headers.get("Content-Encoding", ""))
        if module is None or not is_whole or not str(request.url).startswith(str(cloud.endpoint)):
            return sent(session, request)
        in_process_cloud.num_changing += request.method != "GET"
        body = request.body or b""
        if not isinstance(body, bytes | bytearray | str):
            # A file, of which a later try sends all again.
            begin = body.tell()
            content = body.read()
            body.seek(begin)
            body = content
        return in_process_cloud._handled(module, request, body.encode() if isinstance(body, str) else bytes(body))

    with mock.patch.object(URLLib3Session, "send", send):
        yield
