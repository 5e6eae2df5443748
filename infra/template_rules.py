"""What must hold of every packaged template. Each rule gives a sentence for each thing that breaks it.

`make check` applies them, tests/structure proves that each of them can fail.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import cfnlint.data.AdditionalSpecs
from cfnlint.helpers import load_resource
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

Template = dict[str, Any]
Rule = Callable[[Template], Iterator[str]]

FUNCTION = "AWS::Serverless::Function"
QUEUE = "AWS::SQS::Queue"

# What cfn-lint knows to hold state, but for queues (rows are the truth, and the sweep sends what is missing) and logs.
STATEFUL = sorted(
    load_resource(cfnlint.data.AdditionalSpecs, "StatefulResources.json")["ResourceTypes"].keys()
    - {QUEUE, "AWS::Logs::LogGroup"}
)
# How these refuse to be deleted, policies or not: by hand, or by a change of the template.
_PROTECTION = {"AWS::DynamoDB::Table": "DeletionProtectionEnabled", "AWS::Cognito::UserPool": "DeletionProtection"}

# Open to everybody; every other route needs a token.
PUBLIC = {
    "GET /health",
    "GET /docs",
    "GET /openapi.json",
    "GET /invites/{token}",
    "POST /invites/{token}/accept",
    "POST /invites/{token}/decline",
    "POST /invites/{token}/renew",
    "GET /join/{slug}",
    "POST /join/{slug}",
    "GET /join/{slug}/verify",
    "POST /join/{slug}/verify",
    "GET /guide",
    "POST /auth/register",
    "POST /auth/confirm",
    "POST /auth/resend",
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/forgot",
    "POST /auth/reset",
}

# The only resources that are told by a pattern: schedules and files are named when they are made.
PATTERNS = {
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${ScheduleGroup}/*",
    "${FilesBucket.Arn}/exports/*",
    "${FilesBucket.Arn}/uploads/*",
}

_MAX_RECEIVES = 5
_VISIBILITY_PER_TIMEOUT = 6


def broken_rules(template: Template) -> list[str]:
    return [sentence for rule in RULES for sentence in rule(template)]


def handlers_are_in_app(template: Template) -> Iterator[str]:
    """Only what starts with `app.` runs app.py, and with it the middleware."""
    for name, function in _of_type(template, FUNCTION):
        if not function["Properties"]["Handler"].startswith("app."):
            yield f"{name} is handled by {function['Properties']['Handler']}, outside app.py"


def queues_have_dead_letters(template: Template) -> Iterator[str]:
    targets = {_target(queue) for _, queue in _of_type(template, QUEUE)} | set(_failure_queues(template))
    for name, queue in _of_type(template, QUEUE):
        if name in targets:
            continue
        if _target(queue) is None:
            yield f"{name} has no dead-letter queue"
        elif queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] < _MAX_RECEIVES:
            yield f"{name} gives up before {_MAX_RECEIVES} receives"


def _failure_queues(template: Template) -> Iterator[str]:
    """Where events go that a function failed at: dead letters as well."""
    for _, function in _of_type(template, FUNCTION):
        config = function["Properties"].get("EventInvokeConfig", {})
        destination = config.get("DestinationConfig", {}).get("OnFailure")
        if destination:
            yield _named_by(destination["Destination"])


def queue_readers_are_patient(template: Template) -> Iterator[str]:
    for name, function in _of_type(template, FUNCTION):
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            if "ReportBatchItemFailures" not in event["Properties"].get("FunctionResponseTypes", []):
                yield f"{name} cannot tell which messages of a batch failed"
            queue = _named_by(event["Properties"]["Queue"])
            visibility = template["Resources"][queue]["Properties"].get("VisibilityTimeout", 30)
            if visibility < _VISIBILITY_PER_TIMEOUT * function["Properties"]["Timeout"]:
                yield f"{queue} shows messages again after {visibility} s, too early for {name}"


def methods_need_a_token(template: Template) -> Iterator[str]:
    for path, methods in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"].items():
        for method, operation in methods.items():
            route = f"{method.upper()} {path}"
            if method != "options" and route not in PUBLIC and not operation.get("security"):
                yield f"{route} is open to everybody"


def only_throttled_stages_answer(template: Template) -> Iterator[str]:
    """Seen in what AWS makes of the template: its translator adds stages that nobody wrote."""
    wanted = template["Resources"]["RestAPI"]["Properties"]["StageName"]
    translated = _translated(template)
    for name, deployment in _of_type(translated, "AWS::ApiGateway::Deployment"):
        if "StageName" in deployment["Properties"]:
            yield f"{name} makes a stage {deployment['Properties']['StageName']} without limits"
    for name, stage in _of_type(translated, "AWS::ApiGateway::Stage"):
        if stage["Properties"]["StageName"] != wanted:
            yield f"{name} answers as well as {wanted}"
        everywhere = [
            setting
            for setting in stage["Properties"].get("MethodSettings", [])
            if (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
        ]
        if not any({"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= setting.keys() for setting in everywhere):
            yield f"{name} is not throttled"


def _translated(template: Template) -> Template:
    """What CloudFormation makes of a SAM template, by AWS's own translator."""
    copied: Template = json.loads(json.dumps(template))
    for _, function in _of_type(copied, FUNCTION):
        # Of packaged code it takes only what lies in a bucket.
        function["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code"}
    # Every region gives the same; without a session it would look for the operator's.
    session = boto3.session.Session(region_name="us-east-1")  # type: ignore[no-untyped-call]
    translated: Template = Translator({}, Parser(), boto_session=session).translate(copied, {})
    return translated


def roles_are_narrow(template: Template) -> Iterator[str]:
    for name, role in _of_type(template, "AWS::IAM::Role"):
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in _listed(statement["Action"]):
                    if "*" in action:
                        yield f"{name} allows {action}"
                    if action == "iam:PassRole" and "iam:PassedToService" not in json.dumps(statement):
                        yield f"{name} may hand roles to any service"
                for resource in _listed(statement["Resource"]):
                    text = resource if isinstance(resource, str) else str(resource.get("Fn::Sub", ""))
                    if "*" in text and text not in PATTERNS:
                        yield f"{name} reaches {text}"


def state_is_retained(template: Template) -> Iterator[str]:
    for kind in STATEFUL:
        for name, resource in _of_type(template, kind):
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if resource.get(policy) != "Retain":
                    yield f"{name} has no {policy} Retain"
    for kind, protection in _PROTECTION.items():
        for name, resource in _of_type(template, kind):
            chosen = resource["Properties"].get(protection)
            if not isinstance(chosen, dict) or chosen["Fn::If"][0] != "IsProtected":
                yield f"{name} of prod does not refuse to be deleted"
    for name, table in _of_type(template, "AWS::DynamoDB::Table"):
        recovery = table["Properties"].get("PointInTimeRecoverySpecification", {})
        if recovery.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name} cannot be restored to a point in time"


def functions_are_watched(template: Template) -> Iterator[str]:
    watched = {
        (alarm["Properties"]["MetricName"], dimension["Value"].get("Ref"))
        for _, alarm in _of_type(template, "AWS::CloudWatch::Alarm")
        for dimension in alarm["Properties"].get("Dimensions", [])
        if dimension["Name"] == "FunctionName"
    }
    for name, function in _of_type(template, FUNCTION):
        for metric in ("Errors", "Throttles"):
            if (metric, name) not in watched:
                yield f"no alarm on {metric} of {name}"
        group = function["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        if group is None or "RetentionInDays" not in template["Resources"][group]["Properties"]:
            yield f"{name} logs into a group without retention"


def functions_log_into_their_own_group(template: Template) -> Iterator[str]:
    for name, function in _of_type(template, FUNCTION):
        group = function["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        role = template["Resources"][_named_by(function["Properties"]["Role"])]
        statements = [s for policy in role["Properties"]["Policies"] for s in policy["PolicyDocument"]["Statement"]]
        for statement in statements:
            writes_logs = any(action.startswith("logs:") for action in _listed(statement["Action"]))
            if writes_logs and statement["Resource"] != {"Fn::GetAtt": [group, "Arn"]}:
                yield f"{name} may write into logs that are not its own"


def queues_are_watched(template: Template) -> Iterator[str]:
    watched = {
        (_named_by(dimension["Value"]), alarm["Properties"]["MetricName"])
        for _, alarm in _of_type(template, "AWS::CloudWatch::Alarm")
        for dimension in alarm["Properties"].get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }
    for name, queue in _of_type(template, QUEUE):
        is_dead_letters = _target(queue) is None
        metric = "ApproximateNumberOfMessagesVisible" if is_dead_letters else "ApproximateAgeOfOldestMessage"
        if (name, metric) not in watched:
            yield f"no alarm on {metric} of {name}"


def gateway_answers_problems(template: Template) -> Iterator[str]:
    definition = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    responses = definition.get("x-amazon-apigateway-gateway-responses", {})
    for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
        if kind not in responses:
            yield f"{kind} is not answered as a problem"
    for kind, response in responses.items():
        body = json.loads(response["responseTemplates"]["application/json"])
        if {"type", "title", "status", "detail", "code"} - body.keys():
            yield f"{kind} is answered without a part of a problem"
        if str(body.get("status")) != response["statusCode"]:
            yield f"{kind} says status {body.get('status')} and answers {response['statusCode']}"
        if response["responseParameters"].get("gatewayresponse.header.Content-Type") != "'application/problem+json'":
            yield f"{kind} is not answered as application/problem+json"


RULES: tuple[Rule, ...] = (
    handlers_are_in_app,
    queues_have_dead_letters,
    queue_readers_are_patient,
    methods_need_a_token,
    only_throttled_stages_answer,
    roles_are_narrow,
    state_is_retained,
    functions_are_watched,
    functions_log_into_their_own_group,
    queues_are_watched,
    gateway_answers_problems,
)


def _of_type(template: Template, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, resource) for name, resource in template["Resources"].items() if resource["Type"] == kind]


def _target(queue: dict[str, Any]) -> str | None:
    redrive = queue["Properties"].get("RedrivePolicy")
    return _named_by(redrive["deadLetterTargetArn"]) if redrive else None


def _named_by(reference: dict[str, Any]) -> str:
    """The logical id in a Ref or a GetAtt."""
    return str(reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
