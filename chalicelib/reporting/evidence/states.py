"""How far the collecting of a pack has come."""

from enum import StrEnum
from typing import Any

from chalicelib.core.lazy import BaseModel


class Step(StrEnum):
    """In this order: an anchor is never newer than the ends, nor an entry that counts."""

    MEMBERS = "members"
    CERTIFICATES = "certificates"
    ANCHORS = "anchors"
    ENDS = "ends"
    AUDIT = "audit"
    DONE = "done"


class State(BaseModel):
    """What a part leaves to the next one: few numbers, however large the client is.

    `after` is the last key of the step that was read; `heads` are the ends of the chains, from when they were read;
    `chains` is how far the trail was followed (tenants/audit/chains.py).
    """

    step: Step = Step.MEMBERS
    after: str | None = None
    counts: dict[str, int] = {}
    heads: list[dict[str, Any]] = []
    chains: dict[str, Any] = {}
