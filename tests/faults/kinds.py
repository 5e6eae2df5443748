"""The faults of one AWS call, and the table of the faults that each AWS operation can have.

An operation that is not in the table fails the tests: a new operation needs an entry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.mark import ParameterSet


@dataclass(frozen=True)
class Wire:
    """The connection breaks or AWS answers with an error, in every try of botocore."""

    name: str
    # The request is carried out before the fault.
    applied: bool = False
    # botocore's second try succeeds.
    only_first: bool = False
    # The error code that AWS answers, by service; None for a broken connection.
    code_by_service: Mapping[str, str] | None = None
    status: int = 500
    # Later calls of this operation in the same attempt fail too.
    again: bool = False
    # Why a transaction was cancelled.
    reason: str = "TransactionConflict"


@dataclass(frozen=True)
class Kill:
    """The process dies, before or after the call was carried out."""

    name: str
    after: bool


@dataclass(frozen=True)
class Refusal:
    """A 200 in which part of a batch was refused: its first one, or all statements that `applies_to` selects."""

    name: str
    code: str
    # Later calls of this operation in the same attempt fail too.
    again: bool = False
    # AWS says that the part failed although it was written.
    applied: bool = False
    applies_to: Callable[[Any], bool] | None = None


Fault = Wire | Kill | Refusal

_THROTTLED = {
    "cognito-idp": "TooManyRequestsException",
    "dynamodb": "ThrottlingException",
    "lambda": "TooManyRequestsException",
    "kms": "ThrottlingException",
    "s3": "SlowDown",
    "scheduler": "ThrottlingException",
    "sqs": "RequestThrottled",
}
_BROKEN = {
    "cognito-idp": "InternalErrorException",
    "dynamodb": "InternalServerError",
    "lambda": "ServiceException",
    "kms": "KMSInternalException",
    "s3": "InternalError",
    "scheduler": "InternalServerException",
    "sqs": "InternalFailure",
}

UNREACHABLE = Wire("not sent")
THROTTLED = Wire("throttled", code_by_service=_THROTTLED, status=400)
BROKEN = Wire("error 500", code_by_service=_BROKEN)
LOST = Wire("answer lost", applied=True)
LOST_ONCE = Wire("answer lost once", applied=True, only_first=True)
# A conflict with another transaction on an item: once, or in each of our tries.
_CANCELLED = {"dynamodb": "TransactionCanceledException"}
CONFLICT = Wire("conflict", code_by_service=_CANCELLED, status=400)
CONFLICTS = Wire("conflict again and again", code_by_service=_CANCELLED, status=400, again=True)
# The same because of throttling, which botocore leaves to us (tests/faults/test_kinds.py).
CANCELLED = Wire("cancelled by throttling", code_by_service=_CANCELLED, status=400, reason="ThrottlingError")
CANCELLED_AGAIN = Wire(
    "cancelled again and again", code_by_service=_CANCELLED, status=400, again=True, reason="ThrottlingError"
)
KILLED_BEFORE = Kill("killed before", after=False)
KILLED_AFTER = Kill("killed after", after=True)

# For a read, a lost answer is like an unsent request, and dying afterwards like dying before.
_READ: tuple[Fault, ...] = (UNREACHABLE, THROTTLED, BROKEN, KILLED_BEFORE)
_WRITE: tuple[Fault, ...] = (*_READ, LOST, LOST_ONCE, KILLED_AFTER)

FAULTS_BY_OPERATION: Mapping[str, tuple[Fault, ...]] = {
    "dynamodb.GetItem": _READ,
    "dynamodb.Query": _READ,
    "dynamodb.BatchGetItem": (
        *_READ,
        Refusal("one key unprocessed", ""),
        Refusal("one key unprocessed again and again", "", again=True),
    ),
    # Reads only.
    "dynamodb.ExecuteStatement": _READ,
    "dynamodb.PutItem": _WRITE,
    "dynamodb.UpdateItem": _WRITE,
    "dynamodb.DeleteItem": _WRITE,
    "dynamodb.TransactWriteItems": (*_WRITE, CONFLICT, CONFLICTS),
    "dynamodb.BatchExecuteStatement": (
        *_WRITE,
        Refusal("one statement throttled", "ThrottlingError"),
        Refusal("one statement throttled again and again", "ThrottlingError", again=True),
        Refusal("one statement broken", "InternalServerError"),
        Refusal("one statement broken though written", "InternalServerError", applied=True),
        Refusal("one statement broken though written again and again", "InternalServerError", again=True, applied=True),
    ),
    # The functions that are called change nothing.
    "lambda.Invoke": _READ,
    "s3.GetObject": _READ,
    "s3.ListObjectVersions": _READ,
    "s3.PutObject": _WRITE,
    "s3.CreateMultipartUpload": _WRITE,
    "s3.UploadPart": _WRITE,
    "s3.CompleteMultipartUpload": _WRITE,
    "s3.AbortMultipartUpload": _WRITE,
    "s3.DeleteObject": _WRITE,
    "sqs.SendMessageBatch": (
        *_WRITE,
        Refusal("one message refused", "InternalError"),
        Refusal("one message refused again and again", "InternalError", again=True),
    ),
    "sqs.ChangeMessageVisibilityBatch": _WRITE,
    "kms.Sign": _READ,
    "kms.GetPublicKey": _READ,
    "scheduler.CreateSchedule": _WRITE,
    # A call without an answer may have sent the mail. Answers that refuse are in tests/stories.
    "ses.SendRawEmail": (UNREACHABLE, LOST, KILLED_BEFORE, KILLED_AFTER),
    # Called for accounts and for appointing admins; of jobs, only by that which erases an account.
    "cognito-idp.ListUsers": _READ,
    "cognito-idp.AdminGetUser": _READ,
    "cognito-idp.DescribeUserPoolClient": _READ,
    "cognito-idp.AdminCreateUser": _WRITE,
    "cognito-idp.AdminDeleteUser": _WRITE,
    "cognito-idp.AdminSetUserPassword": _WRITE,
    "cognito-idp.AdminUpdateUserAttributes": _WRITE,
    "cognito-idp.SignUp": _WRITE,
    "cognito-idp.ConfirmSignUp": _WRITE,
    "cognito-idp.ResendConfirmationCode": _WRITE,
    "cognito-idp.InitiateAuth": _WRITE,
    "cognito-idp.RespondToAuthChallenge": _WRITE,
    "cognito-idp.ForgotPassword": _WRITE,
    "cognito-idp.ConfirmForgotPassword": _WRITE,
}


# ---------------------------------------------------------------- operations, by the names that lists of calls use

GET = "dynamodb.GetItem"
QUERY = "dynamodb.Query"
GET_MANY = "dynamodb.BatchGetItem"
PUT = "dynamodb.PutItem"
UPDATE = "dynamodb.UpdateItem"
DELETE = "dynamodb.DeleteItem"
TRANSACT = "dynamodb.TransactWriteItems"
INSERT = "dynamodb.BatchExecuteStatement"
READ_MANY = "dynamodb.ExecuteStatement"
INVOKE = "lambda.Invoke"
SEND = "sqs.SendMessageBatch"
SHOW_AGAIN = "sqs.ChangeMessageVisibilityBatch"
SCHEDULE = "scheduler.CreateSchedule"
GET_FILE = "s3.GetObject"
LIST_VERSIONS = "s3.ListObjectVersions"
PUT_FILE = "s3.PutObject"
GET_FILE = "s3.GetObject"
BEGIN_FILE = "s3.CreateMultipartUpload"
ADD_PART = "s3.UploadPart"
END_FILE = "s3.CompleteMultipartUpload"
DROP_FILE = "s3.AbortMultipartUpload"
DELETE_FILE = "s3.DeleteObject"
SIGN = "kms.Sign"
PUBLIC_KEY = "kms.GetPublicKey"
SES = "ses.SendRawEmail"
LOG_IN = "cognito-idp.InitiateAuth"
FIND_USER = "cognito-idp.ListUsers"
DELETE_USER = "cognito-idp.AdminDeleteUser"
SECRET = "cognito-idp.DescribeUserPoolClient"


def pairs(calls: Sequence[str], faults: Sequence[Fault] | None = None) -> list[ParameterSet]:
    """Every call with every fault that can happen to it, to parametrize a test with `at` and `fault`."""
    return [
        pytest.param(at, fault, id=f"{at} {operation.split('.')[1]} {fault.name}")
        for at, operation in enumerate(calls, start=1)
        for fault in FAULTS_BY_OPERATION[operation]
        if faults is None or fault in faults
    ]


def each(calls: Sequence[str]) -> list[ParameterSet]:
    """Every call, to parametrize a test with `at`."""
    return [pytest.param(at, id=f"{at} {name.split('.')[1]}") for at, name in enumerate(calls, start=1)]
