"""A round trip through the API: API Gateway, the function, the core table, and back."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable

from infra.doctor.findings import Finding, bad, ok, warn

# Status and body of a GET.
Fetch = Callable[[str], tuple[int, bytes]]

# API Gateway itself gives up after 29.
_SECONDS = 35


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def round_trip(get: Fetch, api_url: str, build: str) -> Finding:
    """`build` is the one that was deployed."""
    url = f"{api_url}/health"
    status, body = get(url)
    try:
        said = dict(json.loads(body))
    except ValueError:
        said = {}
    if said.get("table_answers") is False:
        return bad(f"{url} answers {status}: the table does not answer", 'docs/operations.md, "Read the logs".')
    if status != 200 or "build" not in said:
        return bad(f"{url} answers {status}", 'docs/operations.md, "Read the logs"; is PUBLIC_URL right?')
    if said["build"] != build:
        return warn(f"{url} answers for build {said['build']}, not {build}", "Deploy again, or see who answers there.")
    return ok(f"{url} answers for build {build}")
