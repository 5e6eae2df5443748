"""The id of a request: in each log line that follows from it, and in the header `X-Request-Id` of its answer."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.core import observability

HEADER = "X-Request-Id"

# As API Gateway makes them. A caller may send one of its own (`x-amzn-RequestId`), which then comes through in place.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Reads are very many, change nothing, and no job or mail follows from them.
_READS = ("GET", "HEAD", "OPTIONS")


def correlate(request: Any, get_response: Any) -> Any:
    """Chalice middleware, the first of all: everything in this request has its id."""
    context: Mapping[str, Any] = request.context or {}
    with observability.correlated(_id_in(context)):
        response = get_response(request)
        response.headers[HEADER] = str(observability.correlation_id())
        if context.get("httpMethod") not in _READS:
            # The path with the names of its parameters: their values may be secrets of links.
            route = f"{context.get('httpMethod')} {context.get('resourcePath')}"
            observability.info("request answered", route=route, status=response.status_code)
        return response


def _id_in(context: Mapping[str, Any]) -> str | None:
    given = str(context.get("requestId") or "")
    return given if _UUID.fullmatch(given) else None
