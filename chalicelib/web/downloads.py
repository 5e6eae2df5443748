"""Binary answers, for clients that say what they accept and for those that do not."""

import hashlib
import re
from datetime import timedelta
from typing import Any

from chalice.app import CaseInsensitiveMapping, Response

from chalicelib.core.errors import MusterError
from chalicelib.web.problems import problem_response
from chalicelib.web.requests import ASKED_FOR

# The bucket deletes what lies there after a month.
_PREFIX = "uploads/downloads/"
LASTS = timedelta(minutes=5)
_FILE_NAME = re.compile(r'filename="([\w.-]+)"')


def send_binary(request: Any, get_response: Any) -> Response:
    """Chalice middleware: a binary answer goes to everybody, not only to who says by an Accept header to take it.

    API Gateway makes bytes of the function's Base64 only for an Accept header that its API's binary types match; ours
    match every one. For a request without one, what it does is not documented: that is sent to the file in the bucket.
    """
    accepted = str(request.headers.get("accept") or "")
    request.headers = CaseInsensitiveMapping({**request.headers, "accept": "*/*", ASKED_FOR: accepted})
    response: Response = get_response(request)
    if accepted or not isinstance(response.body, bytes):
        return response
    try:
        return Response("", {"Location": _link(response), "Cache-Control": "no-store"}, 303)
    except MusterError as error:
        return problem_response(error)


def _link(response: Response) -> str:
    # Few requests need it, and every cold start would pay for it.
    from chalicelib.aws.files import files

    headers = {name.lower(): str(value) for name, value in response.headers.items()}
    named = _FILE_NAME.search(headers.get("content-disposition", ""))
    key = _PREFIX + hashlib.sha256(response.body).hexdigest()
    files().write(key, [response.body], headers["content-type"])
    return files().link(key, named[1] if named else "download", LASTS)
