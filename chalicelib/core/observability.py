"""Logs: one JSON line each, a constant message and fields. Ids only: never an address, a token or a body."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@lru_cache(maxsize=1)
def _logger() -> "Logger":
    # Powertools adds 76 ms to a cold start; a function that logs nothing does without.
    from aws_lambda_powertools import Logger

    return Logger(service="muster")


def info(message: str, **ids: Any) -> None:
    _logger().info(message, extra=ids)


def warning(message: str, **ids: Any) -> None:
    _logger().warning(message, extra=ids)


def failure(message: str, **ids: Any) -> None:
    """Log the exception being handled, with its stack."""
    _logger().exception(message, extra=ids)
