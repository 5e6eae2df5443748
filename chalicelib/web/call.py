"""A request as the functions of routes get it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel

JSON = ("application/json",)


class Empty(BaseModel):
    """No fields."""

    model_config = ConfigDict(extra="forbid")


B = TypeVar("B", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """One request, parsed. `account_id` is the Cognito subject, empty on public routes.

    `email` is the account's address, if Cognito has verified it, `names` its first and last name; `logged_in_at` is
    when the person last proved to be it. `source` is the IP address of the caller, as API Gateway saw it.
    `content_type` is that of the body, as the header says it. `msp_id` is the `Muster-Msp` header: an account that
    administers several MSPs chooses one with it. `route` is the method and the path with its parameters filled in:
    idempotency keys are scoped by it. `needs` is the permission that the route names.
    """

    route: str
    account_id: str
    params: dict[str, str]
    body: B
    query: Q
    raw_body: bytes
    idempotency_key: str | None
    msp_id: str | None
    now: datetime
    email: str | None = None
    names: tuple[str, str] = ("", "")
    source: str = ""
    content_type: str = ""
    logged_in_at: datetime | None = None
    needs: str = ""
    # The ETag of what the caller has already.
    if_none_match: str = ""
    # Of a route that has a page and JSON: the caller asked for JSON.
    wants_json: bool = False

    @property
    def name(self) -> str:
        """Of the account: its names, or its address when it has none."""
        return " ".join(filter(None, self.names)) or self.email or ""

    @property
    def request_fingerprint(self) -> bytes:
        """Equal for two requests that are the same: body, filters of the query string, and the chosen MSP."""
        filters = self.query.model_dump_json(exclude_defaults=True)
        chosen = f"\n{self.msp_id}" if self.msp_id else ""
        return (
            _canonical(self.raw_body, self.content_type)
            + ("" if filters == "{}" else filters).encode()
            + chosen.encode()
        )


def _canonical(body: bytes, content_type: str) -> bytes:
    """JSON whose fields come in another order, or with other spaces, is the same JSON."""
    if content_type.partition(";")[0].strip().lower() not in ("", *JSON):
        return body
    try:
        return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body
