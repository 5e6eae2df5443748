"""Where the local cloud differs from AWS, made good while deploying to it. The package is the same for both."""

from typing import Any

from infra.cloud import Cloud

_RESPONSES = "x-amazon-apigateway-gateway-responses"

# AWS asks a role for what a call does, the local cloud for the call itself; and it takes every PartiQL
# statement to be about no table, every schedule to be in the default group, and every mail to be of no identity.
_CALL_BY_ACTION = {
    "dynamodb:PartiQLInsert": "dynamodb:BatchExecuteStatement",
    "dynamodb:PartiQLSelect": "dynamodb:ExecuteStatement",
    "scheduler:CreateSchedule": "scheduler:CreateSchedule",
    "ses:SendRawEmail": "ses:SendRawEmail",
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}


def adapt(template: dict[str, Any]) -> None:
    """Changes the template in place."""
    _let_roles_call(template)
    _number_the_limits(template)
    _take_no_mail(template)
    _serve_no_domain(template)
    for resource in template["Resources"].values():
        if "Metrics" in resource.get("Properties", {}) and resource["Type"] == "AWS::CloudWatch::Alarm":
            _take_off_expressions(resource["Properties"])


def _take_no_mail(template: dict[str, Any]) -> None:
    """No mail comes in at the local cloud: `infra.incoming` does what these rules of SES do."""
    resources = template["Resources"]
    for name in [name for name, one in resources.items() if one["Type"].startswith("AWS::SES::Receipt")]:
        del resources[name]


def _serve_no_domain(template: dict[str, Any]) -> None:
    """No domain leads to the local cloud, whose distributions know no function of ours: pages lie under `/portal`."""
    resources, outputs = template["Resources"], template["Outputs"]
    for name in [name for name, one in resources.items() if one.get("Condition") == "HasDomain"]:
        del resources[name]
    for name in [name for name, one in outputs.items() if one.get("Condition") == "HasDomain"]:
        del outputs[name]
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables |= {"PORTAL_PATH": "/portal", "EDGE_KEY": ""}


def _number_the_limits(template: dict[str, Any]) -> None:
    """The local cloud takes a parameter's number for text; no deployment there chooses others."""
    for resource in template["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            scaling = event["Properties"].get("ScalingConfig", {})
            if isinstance(scaling.get("MaximumConcurrency"), dict):
                parameter = scaling["MaximumConcurrency"]["Ref"]
                scaling["MaximumConcurrency"] = template["Parameters"][parameter]["Default"]


def _take_off_expressions(alarm: dict[str, Any]) -> None:
    """The local cloud knows no metric math: the alarm looks at the first of its metrics there."""
    first = next(one["MetricStat"] for one in alarm.pop("Metrics") if "MetricStat" in one)
    alarm |= {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}


def _let_roles_call(template: dict[str, Any]) -> None:
    """Let each role make the calls that do what it may do."""
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"]["Policies"]:
            statements = policy["PolicyDocument"]["Statement"]
            granted = {action for statement in statements for action in statement["Action"]}
            calls = [call for action, call in _CALL_BY_ACTION.items() if action in granted]
            if calls:
                statements.append({"Effect": "Allow", "Action": calls, "Resource": "*"})
            if "scheduler:CreateSchedule" in granted:
                # The local cloud takes every schedule for one of the default group when it asks for permission.
                where = {
                    "Fn::Sub": "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/default/*"
                }
                statements.append({"Effect": "Allow", "Action": ["scheduler:CreateSchedule"], "Resource": where})


def put_gateway_responses(cloud: Cloud, api_id: str, stage: str, template: dict[str, Any]) -> None:
    """AWS takes them from the API's definition, where the local cloud overlooks them."""
    apigateway = cloud.client("apigateway")
    wanted = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][_RESPONSES]
    known = {entry["responseType"]: entry for entry in apigateway.get_gateway_responses(restApiId=api_id)["items"]}
    if all(known[kind].items() >= response.items() for kind, response in wanted.items()):
        return
    for kind, response in wanted.items():
        apigateway.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    # They count from the next deployment on.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)
