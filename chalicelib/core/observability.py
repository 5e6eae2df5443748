"""Logs: one JSON line each, a constant message and fields. Ids only: never an address, a token or a body.

What follows from one request is logged under one `correlation_id`: the request itself, its jobs, their mails and what
SES reports of these. The id is bound while a function works on one thing, and is handed on with whatever it leaves for
later: messages, due entries, schedules, mails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

# The name in log lines, and of the attribute of messages and of the field of schedules.
CORRELATION_ID = "correlation_id"

_bound: ContextVar[str | None] = ContextVar(CORRELATION_ID, default=None)


@lru_cache(maxsize=1)
def _logger() -> "Logger":
    # Powertools adds 76 ms to a cold start; a function that logs nothing does without.
    from aws_lambda_powertools import Logger

    return Logger(service="muster")


def info(message: str, **ids: Any) -> None:
    _logger().info(message, extra=_correlated(ids))


def warning(message: str, **ids: Any) -> None:
    _logger().warning(message, extra=_correlated(ids))


def failure(message: str, **ids: Any) -> None:
    """Log the exception being handled, with its stack."""
    _logger().exception(message, extra=_correlated(ids))


def correlation_id() -> str | None:
    """The id of what is being worked on; None outside `correlated`."""
    return _bound.get()


@contextmanager
def correlated(known: str | None = None) -> Iterator[None]:
    """All that is done within belongs together: under the id that is known already, or under a new one."""
    token = _bound.set(known or str(uuid4()))
    try:
        yield
    finally:
        _bound.reset(token)


def go_on(known: str | None) -> None:
    """Until the end of `correlated`, this is a part of what has this id; no change when the id is not known."""
    if known:
        _bound.set(known)


def _correlated(ids: dict[str, Any]) -> dict[str, Any]:
    bound = _bound.get()
    return ids if bound is None else {CORRELATION_ID: bound, **ids}
