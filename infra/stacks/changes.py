"""Make or change a stack, whatever state an earlier attempt left it in.

A change set is made, carried out and waited for. Of a creation that fails nothing is left behind, tables and accounts
included (`RetainExceptOnCreate`), so that it can simply be tried again.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.stacks.patience import Patience
from infra.stacks.stack import told_of

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

# It can be changed.
_UP = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
# Never was up; CloudFormation changes no such stack, and lets it only be deleted.
_NEVER_UP = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
# A name with a change set that was never carried out.
_EMPTY = "REVIEW_IN_PROGRESS"

_ADVICE = {
    "DELETE_FAILED": "delete it again: aws cloudformation delete-stack --stack-name {name}",
    "UPDATE_ROLLBACK_FAILED": (
        "mend what keeps it from going back, then: aws cloudformation continue-update-rollback --stack-name {name}"
    ),
    "UPDATE_FAILED": "take the failed change back: aws cloudformation rollback-stack --stack-name {name}",
}
_OTHER_ADVICE = "look at its events in the CloudFormation console"

_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")


@dataclass(frozen=True)
class Changes:
    """Of the stack called `name`. Every method is done when CloudFormation is."""

    cloudformation: Any
    name: str
    patience: Patience

    def begin(self) -> dict[str, str] | None:
        """The parameters of the stack, ready to be changed; None when it is to be created.

        Waits for an earlier change that still goes on, and deletes what is left of a creation that failed. Raises
        RuntimeError, which says what to do, when only a person can bring the stack to a good end.
        """
        told = self._settled(_EMPTY)
        if told is not None and told["StackStatus"] in _NEVER_UP:
            self._delete()
            return None
        if told is None or told["StackStatus"] == _EMPTY:
            return None
        if told["StackStatus"] not in _UP:
            advice = _ADVICE.get(told["StackStatus"], _OTHER_ADVICE).format(name=self.name)
            raise RuntimeError(f"the stack {self.name} is {told['StackStatus']}; {advice}")
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in told.get("Parameters", [])}

    def bring_up(self, template_url: str, known: Iterable[str], told: Mapping[str, str]) -> None:
        """Create or change the stack; nothing happens when it already is as the template says.

        Of the template's parameters (`known`) those that are not `told` keep the values that the stack has.
        Raises RuntimeError with CloudFormation's reasons.
        """
        before = self.begin()
        kept = [] if before is None else [name for name in known if name in before and name not in told]
        parameters = [*_given(told), *({"ParameterKey": name, "UsePreviousValue": True} for name in kept)]
        change = self._prepared(
            ChangeSetType="CREATE" if before is None else "UPDATE", TemplateURL=template_url, Parameters=parameters
        )
        if change is not None:
            self._carry_out(change, RetainExceptOnCreate=True)

    def adopt(self, template: str, told: Mapping[str, str], resources: list[dict[str, Any]]) -> None:
        """Begin a stack with resources that exist already (CloudFormation's ResourcesToImport); raises RuntimeError."""
        change = self._prepared(
            ChangeSetType="IMPORT", TemplateBody=template, Parameters=_given(told), ResourcesToImport=resources
        )
        if change is not None:
            self._carry_out(change)

    def protect(self) -> None:
        """Nobody deletes the stack by mistake: this has to be taken off first."""
        told = told_of(self.cloudformation, self.name)
        if told is not None and not told.get("EnableTerminationProtection"):
            self.cloudformation.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def _prepared(self, **what: Any) -> str | None:
        """The name of a change set that can be carried out; None when there is nothing to change."""
        change = f"deploy-{uuid.uuid4().hex}"
        self.cloudformation.create_change_set(
            StackName=self.name, ChangeSetName=change, Capabilities=_CAPABILITIES, **what
        )

        def outcome() -> dict[str, Any] | None:
            told: dict[str, Any] = self.cloudformation.describe_change_set(StackName=self.name, ChangeSetName=change)
            return told if told["Status"] in ("CREATE_COMPLETE", "FAILED") else None

        told = self.patience.until(outcome, f"the change set of {self.name}")
        if told["Status"] == "CREATE_COMPLETE":
            return change
        self.cloudformation.delete_change_set(StackName=self.name, ChangeSetName=change)
        reason = told.get("StatusReason", "")
        if "didn't contain changes" in reason or "No updates" in reason:
            return None
        raise RuntimeError(f"the change set failed: {reason}")

    def _carry_out(self, change: str, **how: Any) -> None:
        self.cloudformation.execute_change_set(StackName=self.name, ChangeSetName=change, **how)
        told = self._settled()
        status = told["StackStatus"] if told is not None else "deleted"
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
            raise RuntimeError("\n".join([f"the stack {self.name} is {status}:", *self._reasons()]))

    def _delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        if self._settled() is not None:
            raise RuntimeError("\n".join([f"the stack {self.name} could not be deleted:", *self._reasons()]))

    def _settled(self, *ends: str) -> dict[str, Any] | None:
        """What CloudFormation says of the stack once nothing goes on, or it is one of `ends`; None without one."""

        def outcome() -> list[dict[str, Any] | None] | None:
            told = told_of(self.cloudformation, self.name)
            status = "" if told is None else told["StackStatus"]
            return [told] if status in ends or not status.endswith("_IN_PROGRESS") else None

        return self.patience.until(outcome, f"the stack {self.name}")[0]

    def _reasons(self) -> list[str]:
        """Why the last change failed, first things first."""
        reasons: list[str] = []
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name)
        for event in (event for page in pages for event in page["StackEvents"]):
            if "FAILED" in event["ResourceStatus"] and "cancelled" not in event.get("ResourceStatusReason", ""):
                reasons.insert(0, f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}")
            # The latest come first; before this one are those of earlier changes.
            if event["LogicalResourceId"] == self.name and event["ResourceStatus"] in _STARTS:
                break
        return reasons


def _given(told: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in told.items()]
