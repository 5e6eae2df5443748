"""What CloudFormation says of a stage."""

from dataclasses import dataclass
from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn

_EVENTS = "aws cloudformation describe-stack-events --stack-name"


@dataclass(frozen=True)
class Resource:
    """`name` is its logical id, `id` the physical one."""

    name: str
    kind: str
    id: str


@dataclass(frozen=True)
class Deployed:
    name: str
    status: str
    is_protected: bool
    parameters: dict[str, str]
    resources: tuple[Resource, ...]

    def of_kind(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]

    def id_of(self, name: str) -> str:
        """Raises LookupError when there is no such resource."""
        for resource in self.resources:
            if resource.name == name:
                return resource.id
        raise LookupError(f"{self.name} has no {name}")


def read(cloudformation: Any, stage: str) -> Deployed | None:
    """None when the stage was never deployed."""
    name = f"muster-{stage}"
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [
        # What could not be made has no physical id.
        Resource(entry["LogicalResourceId"], entry["ResourceType"], entry.get("PhysicalResourceId", ""))
        for page in pages
        for entry in page["StackResourceSummaries"]
    ]
    return Deployed(
        name=name,
        status=found["StackStatus"],
        is_protected=found.get("EnableTerminationProtection", False),
        parameters={one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
        resources=tuple(resources),
    )


def stack(deployed: Deployed | None, stage: str) -> Finding:
    if deployed is None:
        return warn(f"{stage} is not deployed", "Mend what follows, which is about the account; then make deploy.")
    status, why = deployed.status, f"Read why: {_EVENTS} {deployed.name}."
    if status in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        return bad(f"{status}: the first deployment did not succeed", f"{why} Then deploy again.")
    if status.endswith("_FAILED"):
        return bad(status, why)
    if status.endswith("_IN_PROGRESS"):
        return warn(status, "A deployment is on its way: look again when it is through.")
    if "ROLLBACK" in status:
        return warn(f"{status}: the last deployment was taken back", why)
    if stage == "prod" and not deployed.is_protected:
        return warn(
            f"{status}, and anybody's delete-stack would take it away",
            "aws cloudformation update-termination-protection --enable-termination-protection"
            f" --stack-name {deployed.name}",
        )
    return ok(f"{status}, build {deployed.parameters.get('Build', 'unknown')}")
