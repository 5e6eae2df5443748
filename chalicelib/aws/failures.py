"""Translates botocore's exceptions: failed conditions, failures worth a retry, and others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.core.errors import ConditionFailed, MusterError, Unavailable

RETRYABLE = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "ItemCollectionSizeLimitExceeded",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class StorageFailure(MusterError):
    """AWS refused the call, and a retry would not help: a bug or a missing permission."""

    def __init__(self, aws_code: str) -> None:
        super().__init__("internal_error", "Something went wrong on our side. Our operators have been alerted.")
        self.aws_code = aws_code


class Contended(Unavailable):
    """A transaction conflicted with another one on the same item, or was throttled. A retry helps.

    botocore tries throttled calls again, but not a transaction that was cancelled for it.
    """


def error_of(error: Exception) -> MusterError:
    """The Muster error for one of botocore's or PynamoDB's."""
    cause: Any = error
    if isinstance(error, PynamoDBException) and error.cause is not None:
        cause = error.cause
    if isinstance(cause, ClientError):
        code = cause.response.get("Error", {}).get("Code", "")
        if code == "TransactionCanceledException":
            return _cancelled([reason.get("Code", "None") for reason in cause.response.get("CancellationReasons", [])])
        if code == "ConditionalCheckFailedException":
            return ConditionFailed()
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in RETRYABLE or status >= 500:
            return Unavailable()
        return StorageFailure(code)
    if isinstance(cause, BotoCoreError):
        # Broken connections, time-outs and unreadable answers.
        return Unavailable()
    return StorageFailure(type(cause).__name__)


def _cancelled(codes: list[str]) -> MusterError:
    failed = [index for index, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if failed:
        return ConditionFailed(failed)
    final = [code for code in codes if code not in RETRYABLE and code != "None"]
    return StorageFailure(final[0]) if final and "TransactionConflict" not in codes else Contended()


@contextmanager
def translated() -> Iterator[None]:
    """Translate the exceptions of botocore and PynamoDB, so that none leaves this package."""
    try:
        yield
    except (ClientError, BotoCoreError, PynamoDBException) as error:
        raise error_of(error) from error
