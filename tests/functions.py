"""Lambda for tests in one process: the functions that others call run here, without their layers."""

import io
import json
import re

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.training.certificates.pdf.typeset import typeset

_FUNCTIONS = {"certificates": typeset}


def invoked(request: AWSPreparedRequest, body: bytes) -> AWSResponse | None:
    """As Lambda answers: what a function raises is told with a 200. None for functions of a stage that was deployed."""
    name = next(iter(re.findall(r"/functions/([^/]+)/invocations", str(request.url))), "")
    if name not in _FUNCTIONS:
        return None
    headers = {"x-amzn-requestid": "near"}
    try:
        answer = _FUNCTIONS[name](json.loads(body))
    except Exception as error:
        headers["x-amz-function-error"] = "Unhandled"
        answer = {"errorType": type(error).__name__}
    return AWSResponse(str(request.url), 200, headers, _Raw(json.dumps(answer).encode()))


class _Raw(io.BytesIO):
    """A body as AWSResponse reads it."""

    def stream(self, **_: int) -> object:
        yield self.read()
