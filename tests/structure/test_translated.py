"""What CloudFormation makes of the packaged template, by AWS's own translator: it drops what it does not know."""

import json
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from infra.check_template import packaged_template

FUNCTION = "AWS::Lambda::Function"


class _NoPolicies:
    """Roles name their permissions themselves."""

    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def translated() -> dict[str, Any]:
    template = json.loads(json.dumps(packaged_template("prod")[1]))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "muster.zip"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_DEFAULT_REGION", "us-east-1")
        made: dict[str, Any] = transform(template, {"Stage": "prod", "MailFrom": "training@example.com"}, _NoPolicies())
    return made


def _of_type(translated: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one.get("Properties", {}) for name, one in translated["Resources"].items() if one["Type"] == kind}


def test_queues_start_no_more_than_their_functions_may_run(translated: dict[str, Any]) -> None:
    functions = _of_type(translated, FUNCTION)
    started = {}
    for mapping in _of_type(translated, "AWS::Lambda::EventSourceMapping").values():
        name = mapping["FunctionName"]["Ref"]
        started[name] = mapping["ScalingConfig"]["MaximumConcurrency"]
        kept = functions[name]["ReservedConcurrentExecutions"]
        assert kept == {"Fn::If": ["KeepsConcurrency", started[name], {"Ref": "AWS::NoValue"}]}
    assert set(started) == {"Worker", "DeadLetters", "Mailer"}


def test_functions_may_send_to_themselves_where_it_is_said(translated: dict[str, Any]) -> None:
    said = {name: one.get("RecursiveLoop") for name, one in _of_type(translated, FUNCTION).items()}
    allowed = {name for name, value in said.items() if value == "Allow"}
    assert allowed == {"Worker", "DeadLetters", "Mailer"}
