"""A pytest plugin that notes which AWS actions each function's code asks for, and of which resource.

pytest -p infra.call_recorder    then    python -m infra.check_policies

Whose call it is follows from the stack: the entry points of the application are few. Calls that tests make for
themselves belong to nobody and are not noted.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from botocore import signers
from botocore.client import BaseClient

from infra.packaging import ROOT

FOLDER = ROOT / ".muster" / "calls"

# Policy file by the function of ours through which everything of a Lambda function goes.
ENTRY_POINTS = {
    ("web/routing.py", "_respond"): "api",
    ("worker.py", "work"): "worker",
    ("worker.py", "handle_dead_letters"): "dead-letters",
    ("worker.py", "sweep"): "sweeper",
    ("mailer.py", "send"): "mailer",
    ("mailer.py", "handle_delivery_events"): "mail-events",
    ("mailer.py", "handle_answers"): "answers",
}

# Which logical resource a variable of the environment names.
_RESOURCE_BY_VARIABLE = {
    "CORE_TABLE": "CoreTable",
    "ENROLLMENTS_TABLE": "EnrollmentsTable",
    "OUTBOX_TABLE": "OutboxTable",
    "JOBS_QUEUE_URL": "JobsQueue",
    "MAIL_QUEUE_URL": "MailQueue",
    "SCHEDULE_GROUP": "ScheduleGroup",
    "USER_POOL_ID": "UserPool",
    "FILES_BUCKET": "FilesBucket",
    "CERTIFICATES_FUNCTION": "Certificates",
    "EVIDENCE_KEY": "EvidenceKey",
    "BADGE_KEY": "BadgeKey",
    "ANCHORS_BUCKET": "AnchorsBucket",
}
_NAMING = ("FunctionName", "TableName", "QueueUrl", "GroupName", "UserPoolId", "Bucket", "KeyId")
_TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
# Where the action that AWS asks for is not called like the call.
_ACTION_BY_CALL = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:UploadPart": "s3:PutObject",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}

_OURS = f"{ROOT}/chalicelib/"
_TESTS = f"{ROOT}/tests/"

Use = tuple[str, str, str]
_seen: set[Use] = set()
_call = BaseClient._make_api_call  # type: ignore[attr-defined]
_link: Any = signers.generate_presigned_url


def pytest_configure(config: pytest.Config) -> None:
    BaseClient._make_api_call = _recorded  # type: ignore[attr-defined]
    signers.generate_presigned_url = _recorded_link  # type: ignore[assignment]


def pytest_sessionfinish(session: pytest.Session) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{os.getpid()}.json").write_text(json.dumps(sorted(_seen)))


def _recorded(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
    _note(self, operation, parameters)
    return _call(self, operation, parameters)


def _recorded_link(self: Any, method: str, parameters: dict[str, Any], *more: Any) -> Any:
    """Whoever follows a link does what the function may do that signed it."""
    _note(self, self.meta.method_to_api_mapping[method], parameters)
    return _link(self, method, parameters, *more)


def _note(client: Any, operation: str, parameters: dict[str, Any]) -> None:
    function = _function()
    # Calls that Cognito takes from anybody are not signed, and no policy is asked for them.
    if function is not None and client.meta.service_model.operation_model(operation).auth_type != "none":
        service = client.meta.service_model.service_id.hyphenize()
        _seen.update((function, action, resource) for action, resource in _uses(service, operation, parameters))


def _function() -> str | None:
    """The innermost entry point that this call comes from, for a test may let one happen in the midst of another.

    None when a test made the call, on its own or in the midst of a request.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_TESTS):
            return None
        entry = ENTRY_POINTS.get((file.removeprefix(_OURS), frame.f_code.co_name))
        if entry is not None:
            return entry
        frame = frame.f_back
    return None


def _uses(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions of one call as IAM names them, each with the logical name of its resource."""
    if operation == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            ((kind, detail),) = item.items()
            yield f"dynamodb:{_TRANSACTION_ACTIONS[kind]}", _resource(detail["TableName"])
    elif operation == "BatchExecuteStatement":
        for statement in parameters["Statements"]:
            verb, table = re.match(r'(\w+)[^"]*"([^"]+)"', statement["Statement"]).groups()  # type: ignore[union-attr]
            yield f"dynamodb:PartiQL{verb.title()}", _resource(table)
    elif operation == "ExecuteStatement":
        (table,) = re.findall(r'FROM "([^"]+)"', parameters["Statement"])
        yield "dynamodb:PartiQLSelect", _resource(table)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation}", _resource(table)
    else:
        name = next((str(parameters[naming]) for naming in _NAMING if naming in parameters), "")
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        call = f"{service}:{operation}" + ("Version" if "VersionId" in parameters else "")
        yield (
            _ACTION_BY_CALL.get(call, call).replace("cognito-identity-provider", "cognito-idp"),
            _resource(name) + index,
        )


def _resource(name: str) -> str:
    for variable, resource in _RESOURCE_BY_VARIABLE.items():
        if name and os.environ.get(variable) == name:
            return resource
    return "somewhere else"
