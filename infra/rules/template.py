"""What a template must say of routes, roles, mails and accounts to be fit for AWS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from infra.rules.parts import (
    FUNCTION,
    Rule,
    Template,
    listed,
    named_by,
    of_type,
    statements_of,
)

# Open to everybody; every other route needs a token.
PUBLIC = {
    # Pages are opened with a session, which the application checks (docs/decisions/0014).
    *(f"{method} {path}" for method in ("GET", "POST") for path in ("/portal", "/portal/{proxy+}")),
    "GET /health",
    "GET /docs",
    "GET /openapi.json",
    "GET /invites/{token}",
    *(
        f"{method} /invites/{{token}}/{step}"
        for method in ("GET", "POST")
        for step in ("accept", "confirm", "finish", "password", "forgot", "reset", "decline", "renew")
    ),
    "GET /join/{slug}",
    "POST /join/{slug}",
    "GET /join/{slug}/verify",
    "GET /join/{slug}/joined",
    "POST /join/{slug}/verify",
    "GET /rsvp/{token}",
    "POST /rsvp/{token}",
    "GET /calendar/{token}",
    "GET /guide",
    "GET /certificates/{number}",
    "GET /certificates/{number}/badge",
    "GET /badges/{issuer_id}/did.json",
    "GET /badges/{issuer_id}/status/{list_number}",
    "POST /auth/register",
    "POST /auth/confirm",
    "POST /auth/resend",
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/forgot",
    "POST /auth/reset",
}

_ANY_IDENTITY = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"

# The only resources that are told by a pattern: schedules and files are named when they are made.
PATTERNS = {
    "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${ScheduleGroup}/*",
    "${FilesBucket.Arn}/exports/*",
    "${FilesBucket.Arn}/reports/*",
    "${FilesBucket.Arn}/uploads/*",
    "${FilesBucket.Arn}/answers/*",
    "${FilesBucket.Arn}/certificates/*",
    "${AnchorsBucket.Arn}/audit/*",
    # SES also asks about recipients that are verified, as every recipient in its sandbox is.
    _ANY_IDENTITY,
}

_AUTH_FLOWS = {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


# How long a log-in waits for the first password of one's own, and how long Cognito gives it by itself.
_MINUTES_FOR_A_PASSWORD, _COGNITO_S_MINUTES = 15, 3


def handlers_are_in_app(template: Template) -> Iterator[str]:
    """Only what starts with `app.` runs app.py, and with it the middleware."""
    for name, function in of_type(template, FUNCTION):
        if not function["Properties"]["Handler"].startswith("app."):
            yield f"{name} is handled by {function['Properties']['Handler']}, outside app.py"


def methods_need_a_token(template: Template) -> Iterator[str]:
    for path, methods in template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"].items():
        for method, operation in methods.items():
            # HEAD is GET without a body.
            route = f"{'GET' if method == 'head' else method.upper()} {path}"
            if method != "options" and route not in PUBLIC and not operation.get("security"):
                yield f"{route} is open to everybody"


def only_throttled_stages_answer(template: Template) -> Iterator[str]:
    """Seen in what AWS makes of the template: its translator adds stages that nobody wrote."""
    wanted = template["Resources"]["RestAPI"]["Properties"]["StageName"]
    translated = _translated(template)
    for name, deployment in of_type(translated, "AWS::ApiGateway::Deployment"):
        if "StageName" in deployment["Properties"]:
            yield f"{name} makes a stage {deployment['Properties']['StageName']} without limits"
    for name, stage in of_type(translated, "AWS::ApiGateway::Stage"):
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
    for _, function in of_type(copied, FUNCTION):
        # Of packaged code it takes only what lies in a bucket.
        function["Properties"]["CodeUri"] = {"Bucket": "artifacts", "Key": "code"}
    # Every region gives the same; without a session it would look for the operator's.
    session = boto3.session.Session(region_name="us-east-1")  # type: ignore[no-untyped-call]
    translated: Template = Translator({}, Parser(), boto_session=session).translate(copied, {})
    return translated


def roles_are_narrow(template: Template) -> Iterator[str]:
    for name, role in of_type(template, "AWS::IAM::Role"):
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in listed(statement["Action"]):
                    if "*" in action:
                        yield f"{name} allows {action}"
                    if action == "iam:PassRole" and "iam:PassedToService" not in json.dumps(statement):
                        yield f"{name} may hand roles to any service"
                for resource in listed(statement["Resource"]):
                    text = _text(resource)
                    if "*" in text and text not in PATTERNS:
                        yield f"{name} reaches {text}"


def mail_is_sent_in_one_name(template: Template) -> Iterator[str]:
    """From anybody's identity to anybody's, as long as the mail is from the stage's own sender."""
    own = {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
    sets = {name for name, _ in of_type(template, "AWS::SES::ConfigurationSet")}
    for name, function in of_type(template, FUNCTION):
        sending = [one for one in statements_of(template, function) if "ses:SendRawEmail" in listed(one["Action"])]
        reached = {_text(resource): one for one in sending for resource in listed(one["Resource"])}
        if not sending:
            continue
        if _ANY_IDENTITY not in reached:
            yield f"{name} cannot send to addresses that are verified in SES"
        elif reached[_ANY_IDENTITY].get("Condition") != own:
            yield f"{name} may send in anybody's name"
        if not any(text.endswith(f":configuration-set/${{{one}}}") for text in reached for one in sets):
            yield f"{name} may not name the configuration set whose events tell what became of a mail"


def accounts_are_reached_through_the_api(template: Template) -> Iterator[str]:
    """Each call of the client proves a secret, which no template, environment or output holds."""
    for name, client in of_type(template, "AWS::Cognito::UserPoolClient"):
        if client["Properties"].get("GenerateSecret") is not True:
            yield f"whoever knows the id of {name} calls Cognito past every limit of ours"
        for flow in client["Properties"].get("ExplicitAuthFlows", ["its defaults"]):
            if flow not in _AUTH_FLOWS:
                yield f"{name} allows {flow}, which nobody uses"
        if client["Properties"].get("AuthSessionValidity", _COGNITO_S_MINUTES) < _MINUTES_FOR_A_PASSWORD:
            yield f"{name} leaves less than {_MINUTES_FOR_A_PASSWORD} minutes to think of the first password"
    if "ClientSecret" in json.dumps(template):
        yield "the client's secret would stand where many can read it"
    for name, pool in of_type(template, "AWS::Cognito::UserPool"):
        if "UserPoolTier" not in pool["Properties"]:
            yield f"{name} is of Cognito's default tier, which costs three times as much"


def mail_of_accounts_says_whose_it_is(template: Template) -> Iterator[str]:
    """Cognito's own texts name neither the product nor what a code is for."""
    for name, pool in of_type(template, "AWS::Cognito::UserPool"):
        first = pool["Properties"].get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
        codes = pool["Properties"].get("VerificationMessageTemplate", {})
        for what, text, held in (("password", first, ("{####}", "{username}")), ("code", codes, ("{####}",))):
            subject, message = text.get("EmailSubject", ""), text.get("EmailMessage", "")
            if "Muster" not in subject or "Muster" not in message:
                yield f"{name} mails a {what} without saying that it is for Muster"
            if any(part not in message for part in held):
                yield f"{name} mails a {what} in a text that Cognito does not take"


# Characters of a function's code within a template, as CloudFormation says.
_MOST_INLINE = 4096


def mail_of_accounts_names_the_organization(template: Template) -> Iterator[str]:
    """Only a function can; one that fails, or that Cognito may not call, fails the registration."""
    for name, pool in of_type(template, "AWS::Cognito::UserPool"):
        writer = named_by(pool["Properties"].get("LambdaConfig", {}).get("CustomMessage"))
        if not writer:
            yield f"{name} mails codes that name no organization"
            continue
        code = template["Resources"][writer]["Properties"]["Code"]["ZipFile"]
        if len(code) > _MOST_INLINE:
            yield f"{writer} is longer than a template takes"
        if not any(
            permission["Properties"]["Principal"] == "cognito-idp.amazonaws.com"
            and named_by(permission["Properties"].get("SourceArn")) == name
            for _, permission in of_type(template, "AWS::Lambda::Permission")
            if named_by(permission["Properties"]["FunctionName"]) == writer
        ):
            yield f"{name} may not call {writer}"


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


def _text(resource: Any) -> str:
    """A resource that is not simply named by its logical id."""
    return resource if isinstance(resource, str) else str(resource.get("Fn::Sub", ""))


RULES: tuple[Rule, ...] = (
    handlers_are_in_app,
    methods_need_a_token,
    only_throttled_stages_answer,
    roles_are_narrow,
    mail_is_sent_in_one_name,
    accounts_are_reached_through_the_api,
    mail_of_accounts_says_whose_it_is,
    mail_of_accounts_names_the_organization,
    gateway_answers_problems,
)
