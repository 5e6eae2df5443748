"""CloudFormation of one stack, as strict as AWS where the local cloud is not; it checks arguments by AWS's model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

_MODEL = boto3.client("cloudformation", region_name="us-east-1").meta.service_model
_OPERATIONS = {
    "create_change_set": "CreateChangeSet",
    "execute_change_set": "ExecuteChangeSet",
    "delete_change_set": "DeleteChangeSet",
    "delete_stack": "DeleteStack",
    "update_termination_protection": "UpdateTerminationProtection",
}
_CAN_BE_UPDATED = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)


@dataclass
class FakeCloudFormation:
    """`status` is None without a stack. What happens next is said in advance: the statuses after each kind of call."""

    status: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    after_execution: list[str] = field(default_factory=list)
    after_deletion: list[str | None] = field(default_factory=lambda: [None])
    # What describes of the change set answer, the last again and again: status and reason.
    change_sets: list[tuple[str, str]] = field(default_factory=lambda: [("CREATE_COMPLETE", "")])
    events: list[dict[str, str]] = field(default_factory=list)
    resources: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    is_protected: bool = False

    # What still comes by itself, one status with each look at it.
    coming: list[str | None] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    num_looks: int = 0
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(ClientError=ClientError))

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for called, arguments in self.calls if called == name]

    def describe_stacks(self, **arguments: str) -> dict[str, Any]:
        self.num_looks += 1
        if self.coming:
            self.status = self.coming.pop(0)
        if self.status is None:
            raise _refused(f"Stack with id {arguments['StackName']} does not exist")
        stack = {
            "StackStatus": self.status,
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()],
            "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()],
            "EnableTerminationProtection": self.is_protected,
        }
        return {"Stacks": [stack]}

    def create_change_set(self, **arguments: Any) -> None:
        self._noted("create_change_set", arguments)
        kind = arguments["ChangeSetType"]
        if kind == "UPDATE" and self.status not in _CAN_BE_UPDATED:
            raise _refused(f"Stack is in {self.status} state and can not be updated.")
        if kind != "UPDATE" and self.status not in (None, "REVIEW_IN_PROGRESS"):
            raise _refused("Stack already exists")
        kept = {p["ParameterKey"] for p in arguments["Parameters"] if "UsePreviousValue" in p}
        if unknown := kept - self.parameters.keys():
            raise _refused(f"Invalid input for parameter key {unknown}. Cannot specify usePreviousValue as true")
        self.status = self.status or "REVIEW_IN_PROGRESS"

    def describe_change_set(self, **arguments: Any) -> dict[str, str]:
        status, reason = self.change_sets.pop(0) if len(self.change_sets) > 1 else self.change_sets[0]
        return {"Status": status, "StatusReason": reason}

    def delete_change_set(self, **arguments: Any) -> None:
        self._noted("delete_change_set", arguments)

    def execute_change_set(self, **arguments: Any) -> None:
        self._noted("execute_change_set", arguments)
        created = self.called("create_change_set")[-1]
        self.parameters |= {
            p["ParameterKey"]: p["ParameterValue"] for p in created["Parameters"] if "ParameterValue" in p
        }
        self.coming = [*self.after_execution] or [f"{created['ChangeSetType']}_COMPLETE"]

    def delete_stack(self, **arguments: Any) -> None:
        self._noted("delete_stack", arguments)
        self.coming = [*self.after_deletion]

    def update_termination_protection(self, **arguments: Any) -> None:
        self._noted("update_termination_protection", arguments)
        self.is_protected = arguments["EnableTerminationProtection"]

    def get_paginator(self, name: str) -> Any:
        pages: dict[str, Any] = {
            "describe_stack_events": {"StackEvents": self.events},
            "list_stack_resources": {
                "StackResourceSummaries": [
                    {"LogicalResourceId": k, "PhysicalResourceId": v} for k, v in self.resources.items()
                ]
            },
        }

        def paginate(**arguments: Any) -> Iterator[dict[str, Any]]:
            yield pages[name]

        return SimpleNamespace(paginate=paginate)

    def _noted(self, name: str, arguments: dict[str, Any]) -> None:
        report = ParamValidator().validate(arguments, _MODEL.operation_model(_OPERATIONS[name]).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls.append((name, arguments))


def _refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "CloudFormation")
