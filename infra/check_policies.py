"""Compare what the functions' code asked AWS for (infra/call_recorder.py) with what their policies grant.

A function that would be refused fails the check. A grant that no test saw in use is named: either it is one too
many, or a test is missing; with --strict this fails, too.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from infra.call_recorder import ENTRY_POINTS, FOLDER, Use
from infra.packaging import ROOT

# What Lambda and Scheduler use in a function's name, which none of its code calls.
_NOT_CALLED = {
    "iam:PassRole",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    # Without it S3 answers that a file which is gone is not permitted.
    "s3:ListBucket",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
# Resources of these services are not told by a name that the code has.
_NO_RESOURCE = ("ses:",)


def used() -> set[Use]:
    seen = {tuple(use) for file in FOLDER.glob("*.json") for use in json.loads(file.read_text())}
    return {(function, action, _resource_of(action, resource)) for function, action, resource in seen}


def granted() -> set[Use]:
    return set(_grants())


def _grants() -> Iterator[Use]:
    for function in ENTRY_POINTS.values():
        policy = json.loads((ROOT / ".chalice" / f"policy-{function}.json").read_text())
        for statement in policy["Statement"]:
            for action in set(statement["Action"]) - _NOT_CALLED:
                for resource in _listed(statement["Resource"]):
                    yield function, action, _resource_of(action, _named(resource))


def _resource_of(action: str, name: str) -> str:
    return "" if action.startswith(_NO_RESOURCE) else name


def _named(resource: Any) -> str:
    """`CoreTable`, or `EnrollmentsTable/index/by_row`; of other patterns the resource that they name."""
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text = str(resource["Fn::Sub"])
    names = [name for name in re.findall(r"\$\{(\w+)(?:\.Arn)?\}", text) if name != "AWS"]
    index = re.search(r"/index/\w+", text)
    return (names[0] if names else text) + (index[0] if index else "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def main() -> None:
    refused, unused = sorted(used() - granted()), sorted(granted() - used())
    for function, action, resource in refused:
        print(f"{function} would be refused {action} on {resource}")
    for function, action, resource in unused:
        print(f"{function} may {action} on {resource}, which no test used")
    if refused or (unused and "--strict" in sys.argv):
        sys.exit(1)
    print(f"{len(granted()) - len(unused)} of {len(granted())} grants were used, and nothing was asked for beyond them")


if __name__ == "__main__":
    main()
