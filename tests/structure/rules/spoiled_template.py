"""A sound template, spoiled in one place each: routes, roles, mails and accounts."""

from typing import Any

from infra.rules import template
from infra.rules.parts import Template
from tests.structure.rules.spoiling import Spoiled, properties


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def _responses(template: Template) -> dict[str, Any]:
    definition = properties(template, "RestAPI")["DefinitionBody"]
    responses: dict[str, Any] = definition["x-amazon-apigateway-gateway-responses"]
    return responses


def _sending(template: Template) -> list[dict[str, Any]]:
    return [one for one in _statements(template, "MailerRole") if one["Action"] == ["ses:SendRawEmail"]]


def handler_on_a_blueprint(template: Template) -> None:
    properties(template, "Worker")["Handler"] = "chalicelib.training.jobs.worker"


def route_without_authorizer(template: Template) -> None:
    del properties(template, "RestAPI")["DefinitionBody"]["paths"]["/msp/training"]["get"]["security"]


def stage_that_nobody_asked_for(template: Template) -> None:
    del properties(template, "RestAPI")["OpenApiVersion"]


def stage_without_limits(template: Template) -> None:
    del properties(template, "RestAPI")["MethodSettings"]


def role_with_any_action(template: Template) -> None:
    _statements(template, "WorkerRole")[0]["Action"] = ["sqs:*"]


def role_with_any_resource(template: Template) -> None:
    _statements(template, "WorkerRole")[0]["Resource"] = "*"


def role_with_a_pattern_of_tables(template: Template) -> None:
    pattern = {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/*"}
    _statements(template, "WorkerRole")[0]["Resource"] = [pattern]


def role_that_is_passed_to_any_service(template: Template) -> None:
    for statement in _statements(template, "WorkerRole"):
        statement.pop("Condition", None)


def mailer_that_sends_to_strangers_only(template: Template) -> None:
    """As it was: the sender's own identity, where SES asks about the recipient's as well."""
    pattern = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailFrom}"
    _sending(template)[0]["Resource"] = [{"Fn::Sub": pattern}]


def mailer_that_sends_in_any_name(template: Template) -> None:
    del _sending(template)[0]["Condition"]


def mailer_that_may_name_no_configuration_set(template: Template) -> None:
    _statements(template, "MailerRole").remove(_sending(template)[1])


def client_that_everybody_may_use(template: Template) -> None:
    properties(template, "UserPoolClient")["GenerateSecret"] = False


def client_that_knows_more_ways_in(template: Template) -> None:
    properties(template, "UserPoolClient")["ExplicitAuthFlows"].append("ALLOW_USER_SRP_AUTH")


def first_password_within_three_minutes(template: Template) -> None:
    del properties(template, "UserPoolClient")["AuthSessionValidity"]


def secret_that_stands_in_the_environment(template: Template) -> None:
    secret = {"Fn::GetAtt": ["UserPoolClient", "ClientSecret"]}
    properties(template, "APIHandler")["Environment"]["Variables"]["USER_POOL_CLIENT_SECRET"] = secret


def code_of_nobody_knows_what(template: Template) -> None:
    del properties(template, "UserPool")["VerificationMessageTemplate"]


def codes_for_no_organization(template: Template) -> None:
    del properties(template, "UserPool")["LambdaConfig"]


def writer_of_mails_that_is_too_long(template: Template) -> None:
    properties(template, "CodeMails")["Code"]["ZipFile"] += "#" * 4096


def writer_of_mails_that_cognito_may_not_call(template: Template) -> None:
    del template["Resources"]["CodeMailsCalledByCognito"]


def first_password_without_a_user_name(template: Template) -> None:
    text = properties(template, "UserPool")["AdminCreateUserConfig"]["InviteMessageTemplate"]
    text["EmailMessage"] = text["EmailMessage"].replace("{username}", "")


def accounts_at_the_default_price(template: Template) -> None:
    del properties(template, "UserPool")["UserPoolTier"]


def answers_left_to_the_gateway(template: Template) -> None:
    del _responses(template)["DEFAULT_5XX"]


def answer_without_code(template: Template) -> None:
    _responses(template)["UNAUTHORIZED"]["responseTemplates"] = {
        "application/json": '{"type": "about:blank", "title": "No", "status": 401, "detail": "No."}'
    }


def answer_that_contradicts_its_status(template: Template) -> None:
    _responses(template)["THROTTLED"]["statusCode"] = "400"


def answer_as_plain_json(template: Template) -> None:
    _responses(template)["THROTTLED"]["responseParameters"] = {}


SPOILED: Spoiled = [
    (handler_on_a_blueprint, template.handlers_are_in_app),
    (route_without_authorizer, template.methods_need_a_token),
    (stage_that_nobody_asked_for, template.only_throttled_stages_answer),
    (stage_without_limits, template.only_throttled_stages_answer),
    (role_with_any_action, template.roles_are_narrow),
    (role_with_any_resource, template.roles_are_narrow),
    (role_with_a_pattern_of_tables, template.roles_are_narrow),
    (role_that_is_passed_to_any_service, template.roles_are_narrow),
    (mailer_that_sends_to_strangers_only, template.mail_is_sent_in_one_name),
    (mailer_that_sends_in_any_name, template.mail_is_sent_in_one_name),
    (mailer_that_may_name_no_configuration_set, template.mail_is_sent_in_one_name),
    (client_that_everybody_may_use, template.accounts_are_reached_through_the_api),
    (client_that_knows_more_ways_in, template.accounts_are_reached_through_the_api),
    (first_password_within_three_minutes, template.accounts_are_reached_through_the_api),
    (secret_that_stands_in_the_environment, template.accounts_are_reached_through_the_api),
    (accounts_at_the_default_price, template.accounts_are_reached_through_the_api),
    (code_of_nobody_knows_what, template.mail_of_accounts_says_whose_it_is),
    (first_password_without_a_user_name, template.mail_of_accounts_says_whose_it_is),
    (codes_for_no_organization, template.mail_of_accounts_names_the_organization),
    (writer_of_mails_that_is_too_long, template.mail_of_accounts_names_the_organization),
    (writer_of_mails_that_cognito_may_not_call, template.mail_of_accounts_names_the_organization),
    (answers_left_to_the_gateway, template.gateway_answers_problems),
    (answer_without_code, template.gateway_answers_problems),
    (answer_that_contradicts_its_status, template.gateway_answers_problems),
    (answer_as_plain_json, template.gateway_answers_problems),
]
