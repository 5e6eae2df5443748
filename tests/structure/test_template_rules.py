"""Each rule of the template can fail: a sound template is spoiled in one place, and the rule says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.check_template import lint, packaged_template
from infra.rules import RULES, state, watching
from infra.rules import template as rules
from infra.rules.parts import Rule, Template


@pytest.fixture(scope="module")
def sound() -> Template:
    return packaged_template("dev")[1]


@pytest.fixture
def template(sound: Template) -> Template:
    # Through JSON, for YAML's anchors make one object of what is only equal.
    copied: Template = json.loads(json.dumps(sound))
    return copied


def _properties(template: Template, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][name]["Properties"]
    return properties


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = _properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def _responses(template: Template) -> dict[str, Any]:
    definition = _properties(template, "RestAPI")["DefinitionBody"]
    responses: dict[str, Any] = definition["x-amazon-apigateway-gateway-responses"]
    return responses


def _event(template: Template) -> dict[str, Any]:
    event: dict[str, Any] = _properties(template, "Worker")["Events"]["WorkerSqsEventSource"]["Properties"]
    return event


def handler_on_a_blueprint(template: Template) -> None:
    _properties(template, "Worker")["Handler"] = "chalicelib.training.jobs.worker"


def queue_without_dead_letters(template: Template) -> None:
    del _properties(template, "JobsQueue")["RedrivePolicy"]


def queue_that_gives_up_early(template: Template) -> None:
    _properties(template, "JobsQueue")["RedrivePolicy"]["maxReceiveCount"] = 2


def batch_that_fails_as_a_whole(template: Template) -> None:
    del _event(template)["FunctionResponseTypes"]


def message_shown_while_it_is_worked_on(template: Template) -> None:
    _properties(template, "JobsQueue")["VisibilityTimeout"] = 719


def visibility_left_to_its_default(template: Template) -> None:
    del _properties(template, "JobsDeadLetters")["VisibilityTimeout"]


def worker_whose_chains_are_cut_off(template: Template) -> None:
    del _properties(template, "Worker")["RecursiveLoop"]


def given_up_parts_whose_chains_are_cut_off(template: Template) -> None:
    del _properties(template, "DeadLetters")["RecursiveLoop"]


def new_chain_that_nobody_allowed(template: Template) -> None:
    """The mail events' role is let send to a queue that is made to feed it."""
    queue = {"Fn::GetAtt": ["MailEventsFailed", "Arn"]}
    _properties(template, "MailEvents")["Events"]["Again"] = {"Type": "SQS", "Properties": {"Queue": queue}}


def endless_loop_that_nothing_stops(template: Template) -> None:
    _properties(template, "Sweeper")["RecursiveLoop"] = "Allow"


def queue_that_starts_what_it_likes(template: Template) -> None:
    del _event(template)["ScalingConfig"]


def queue_that_starts_more_than_may_run(template: Template) -> None:
    _event(template)["ScalingConfig"]["MaximumConcurrency"] = 100


def concurrency_kept_in_every_account(template: Template) -> None:
    _properties(template, "APIHandler")["ReservedConcurrentExecutions"] = {"Fn::If": ["IsProd", 50, None]}


def concurrency_kept_for_all_but_the_api(template: Template) -> None:
    del _properties(template, "APIHandler")["ReservedConcurrentExecutions"]


def route_without_authorizer(template: Template) -> None:
    del _properties(template, "RestAPI")["DefinitionBody"]["paths"]["/msp/training"]["get"]["security"]


def stage_that_nobody_asked_for(template: Template) -> None:
    del _properties(template, "RestAPI")["OpenApiVersion"]


def stage_without_limits(template: Template) -> None:
    del _properties(template, "RestAPI")["MethodSettings"]


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


def _sending(template: Template) -> list[dict[str, Any]]:
    return [one for one in _statements(template, "MailerRole") if one["Action"] == ["ses:SendRawEmail"]]


def mailer_that_sends_to_strangers_only(template: Template) -> None:
    """As it was: the sender's own identity, where SES asks about the recipient's as well."""
    pattern = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailFrom}"
    _sending(template)[0]["Resource"] = [{"Fn::Sub": pattern}]


def mailer_that_sends_in_any_name(template: Template) -> None:
    del _sending(template)[0]["Condition"]


def mailer_that_may_name_no_configuration_set(template: Template) -> None:
    _statements(template, "MailerRole").remove(_sending(template)[1])


def mails_that_nobody_hears_of(template: Template) -> None:
    del template["Resources"]["MailEventDestination"]


def mails_whose_bounces_nobody_hears_of(template: Template) -> None:
    _properties(template, "MailEventDestination")["EventDestination"]["MatchingEventTypes"].remove("bounce")


def mail_events_that_are_switched_off(template: Template) -> None:
    _properties(template, "MailEventDestination")["EventDestination"]["Enabled"] = False


def mail_events_that_no_function_reads(template: Template) -> None:
    del _properties(template, "MailEvents")["Events"]


def client_that_everybody_may_use(template: Template) -> None:
    _properties(template, "UserPoolClient")["GenerateSecret"] = False


def client_that_knows_more_ways_in(template: Template) -> None:
    _properties(template, "UserPoolClient")["ExplicitAuthFlows"].append("ALLOW_USER_SRP_AUTH")


def code_of_nobody_knows_what(template: Template) -> None:
    del _properties(template, "UserPool")["VerificationMessageTemplate"]


def first_password_without_a_user_name(template: Template) -> None:
    text = _properties(template, "UserPool")["AdminCreateUserConfig"]["InviteMessageTemplate"]
    text["EmailMessage"] = text["EmailMessage"].replace("{username}", "")


def secret_that_stands_in_the_environment(template: Template) -> None:
    secret = {"Fn::GetAtt": ["UserPoolClient", "ClientSecret"]}
    _properties(template, "APIHandler")["Environment"]["Variables"]["USER_POOL_CLIENT_SECRET"] = secret


def accounts_at_the_default_price(template: Template) -> None:
    del _properties(template, "UserPool")["UserPoolTier"]


def table_deleted_with_the_stack(template: Template) -> None:
    template["Resources"]["CoreTable"]["DeletionPolicy"] = "Delete"


def accounts_lost_when_replaced(template: Template) -> None:
    del template["Resources"]["UserPool"]["UpdateReplacePolicy"]


def secret_lost_with_the_stack(template: Template) -> None:
    template["Resources"]["Key"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {}}


def table_that_anybody_deletes(template: Template) -> None:
    _properties(template, "CoreTable")["DeletionProtectionEnabled"] = False


def accounts_that_anybody_deletes(template: Template) -> None:
    del _properties(template, "UserPool")["DeletionProtection"]


def table_that_cannot_be_restored(template: Template) -> None:
    del _properties(template, "OutboxTable")["PointInTimeRecoverySpecification"]


def table_that_starts_cold(template: Template) -> None:
    del _properties(template, "OutboxTable")["WarmThroughput"]


def index_that_starts_cold(template: Template) -> None:
    del _properties(template, "EnrollmentsTable")["GlobalSecondaryIndexes"][0]["WarmThroughput"]


def table_that_starts_lukewarm(template: Template) -> None:
    _properties(template, "CoreTable")["WarmThroughput"]["Fn::If"][1]["WriteUnitsPerSecond"] = 4000


def throttled_tables_without_alarm(template: Template) -> None:
    del template["Resources"]["TablesThrottled"]


def throttled_index_without_alarm(template: Template) -> None:
    metrics = _properties(template, "TablesThrottled")["Metrics"]
    metrics[:] = [one for one in metrics if not one["Id"].startswith("index")]


def function_without_alarm(template: Template) -> None:
    del template["Resources"]["WorkerErrors"]


def chain_cut_off_without_alarm(template: Template) -> None:
    del template["Resources"]["ChainsCutOff"]


def logs_kept_for_ever(template: Template) -> None:
    del _properties(template, "WorkerLogs")["RetentionInDays"]


def function_with_the_default_logs(template: Template) -> None:
    del _properties(template, "Sweeper")["LoggingConfig"]


def role_that_writes_into_others_logs(template: Template) -> None:
    _statements(template, "WorkerRole")[-1]["Resource"] = {"Fn::GetAtt": ["ApiLogs", "Arn"]}


def queue_without_alarm(template: Template) -> None:
    del template["Resources"]["JobsLate"]


def alarm_that_rings_for_one_failed_job(template: Template) -> None:
    """As it was: the age alone."""
    _properties(template, "JobsLate")["Metrics"] = [
        one for one in _properties(template, "JobsLate")["Metrics"] if one["Id"] == "age"
    ]


def reputation_that_nobody_watches(template: Template) -> None:
    del template["Resources"]["MailComplaintRate"]


def refusals_that_nobody_watches(template: Template) -> None:
    del template["Resources"]["MailsRefused"]


def _body(template: Template) -> dict[str, str]:
    body: dict[str, str] = _properties(template, "Dashboard")["DashboardBody"]
    return body


def dashboard_without_a_function(template: Template) -> None:
    _body(template)["Fn::Sub"] = _body(template)["Fn::Sub"].replace("${Sweeper}", "${Worker}")


def dashboard_without_a_queue(template: Template) -> None:
    _body(template)["Fn::Sub"] = _body(template)["Fn::Sub"].replace("${MailEventsFailed.QueueName}", "")


def dashboard_that_is_no_json(template: Template) -> None:
    _body(template)["Fn::Sub"] += ","


def no_dashboard(template: Template) -> None:
    del template["Resources"]["Dashboard"]


def dead_letters_without_alarm(template: Template) -> None:
    del template["Resources"]["MailDeadLettersFilled"]


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


SPOILED: list[tuple[Callable[[Template], None], Rule]] = [
    (handler_on_a_blueprint, rules.handlers_are_in_app),
    (queue_without_dead_letters, rules.queues_have_dead_letters),
    (queue_that_gives_up_early, rules.queues_have_dead_letters),
    (batch_that_fails_as_a_whole, rules.queue_readers_are_patient),
    (message_shown_while_it_is_worked_on, rules.queue_readers_are_patient),
    (visibility_left_to_its_default, rules.queue_readers_are_patient),
    (queue_that_starts_what_it_likes, rules.throttling_costs_no_tries),
    (queue_that_starts_more_than_may_run, rules.throttling_costs_no_tries),
    (concurrency_kept_in_every_account, rules.throttling_costs_no_tries),
    (concurrency_kept_for_all_but_the_api, rules.throttling_costs_no_tries),
    (worker_whose_chains_are_cut_off, rules.chains_are_allowed),
    (given_up_parts_whose_chains_are_cut_off, rules.chains_are_allowed),
    (new_chain_that_nobody_allowed, rules.chains_are_allowed),
    (endless_loop_that_nothing_stops, rules.chains_are_allowed),
    (route_without_authorizer, rules.methods_need_a_token),
    (stage_that_nobody_asked_for, rules.only_throttled_stages_answer),
    (stage_without_limits, rules.only_throttled_stages_answer),
    (role_with_any_action, rules.roles_are_narrow),
    (role_with_any_resource, rules.roles_are_narrow),
    (role_with_a_pattern_of_tables, rules.roles_are_narrow),
    (role_that_is_passed_to_any_service, rules.roles_are_narrow),
    (mailer_that_sends_to_strangers_only, rules.mail_is_sent_in_one_name),
    (mailer_that_sends_in_any_name, rules.mail_is_sent_in_one_name),
    (mailer_that_may_name_no_configuration_set, rules.mail_is_sent_in_one_name),
    (mails_that_nobody_hears_of, watching.mail_events_are_heard),
    (mails_whose_bounces_nobody_hears_of, watching.mail_events_are_heard),
    (mail_events_that_are_switched_off, watching.mail_events_are_heard),
    (mail_events_that_no_function_reads, watching.mail_events_are_heard),
    (client_that_everybody_may_use, rules.accounts_are_reached_through_the_api),
    (client_that_knows_more_ways_in, rules.accounts_are_reached_through_the_api),
    (secret_that_stands_in_the_environment, rules.accounts_are_reached_through_the_api),
    (accounts_at_the_default_price, rules.accounts_are_reached_through_the_api),
    (code_of_nobody_knows_what, rules.mail_of_accounts_says_whose_it_is),
    (first_password_without_a_user_name, rules.mail_of_accounts_says_whose_it_is),
    (table_deleted_with_the_stack, state.state_is_retained),
    (accounts_lost_when_replaced, state.state_is_retained),
    (secret_lost_with_the_stack, state.state_is_retained),
    (table_that_anybody_deletes, state.state_is_retained),
    (accounts_that_anybody_deletes, state.state_is_retained),
    (table_that_cannot_be_restored, state.state_is_retained),
    (table_that_starts_cold, state.tables_start_warm),
    (index_that_starts_cold, state.tables_start_warm),
    (table_that_starts_lukewarm, state.tables_start_warm),
    (throttled_tables_without_alarm, watching.tables_are_watched),
    (throttled_index_without_alarm, watching.tables_are_watched),
    (function_without_alarm, watching.functions_are_watched),
    (chain_cut_off_without_alarm, watching.functions_are_watched),
    (logs_kept_for_ever, watching.functions_are_watched),
    (function_with_the_default_logs, watching.functions_are_watched),
    (role_that_writes_into_others_logs, watching.functions_log_into_their_own_group),
    (queue_without_alarm, watching.queues_are_watched),
    (alarm_that_rings_for_one_failed_job, watching.queues_are_watched),
    (reputation_that_nobody_watches, watching.mail_is_watched),
    (refusals_that_nobody_watches, watching.mail_is_watched),
    (dashboard_without_a_function, watching.the_dashboard_shows_it_all),
    (dashboard_without_a_queue, watching.the_dashboard_shows_it_all),
    (dashboard_that_is_no_json, watching.the_dashboard_shows_it_all),
    (no_dashboard, watching.the_dashboard_shows_it_all),
    (dead_letters_without_alarm, watching.queues_are_watched),
    (answers_left_to_the_gateway, rules.gateway_answers_problems),
    (answer_without_code, rules.gateway_answers_problems),
    (answer_that_contradicts_its_status, rules.gateway_answers_problems),
    (answer_as_plain_json, rules.gateway_answers_problems),
]


@pytest.mark.parametrize(("spoil", "rule"), SPOILED, ids=lambda value: value.__name__)
def test_a_spoiled_template_is_noticed(template: Template, spoil: Callable[[Template], None], rule: Rule) -> None:
    assert list(rule(template)) == []
    spoil(template)
    assert list(rule(template)) != []


def test_every_rule_was_seen_to_fail() -> None:
    assert {rule for _, rule in SPOILED} == set(RULES)


def test_cfn_lint_notices_what_does_not_exist(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "NoSuchParameter"}}}
    file = tmp_path / "sam.json"
    file.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Files": bucket}}))
    assert "NoSuchParameter" in lint(file)
