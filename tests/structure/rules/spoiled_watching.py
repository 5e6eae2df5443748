"""A sound template, spoiled in one place each: alarms, logs and the dashboard."""

from typing import Any

from infra.rules import watching
from infra.rules.parts import Template
from tests.structure.rules.spoiling import Spoiled, properties


def _statements(template: Template, role: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


def _body(template: Template) -> dict[str, str]:
    body: dict[str, str] = properties(template, "Dashboard")["DashboardBody"]
    return body


def mails_that_nobody_hears_of(template: Template) -> None:
    del template["Resources"]["MailEventDestination"]


def mails_whose_bounces_nobody_hears_of(template: Template) -> None:
    properties(template, "MailEventDestination")["EventDestination"]["MatchingEventTypes"].remove("bounce")


def mail_events_that_are_switched_off(template: Template) -> None:
    properties(template, "MailEventDestination")["EventDestination"]["Enabled"] = False


def mail_events_that_no_function_reads(template: Template) -> None:
    del properties(template, "MailEvents")["Events"]


def throttled_tables_without_alarm(template: Template) -> None:
    del template["Resources"]["TablesThrottled"]


def throttled_index_without_alarm(template: Template) -> None:
    metrics = properties(template, "TablesThrottled")["Metrics"]
    metrics[:] = [one for one in metrics if not one["Id"].startswith("index")]


def function_without_alarm(template: Template) -> None:
    del template["Resources"]["WorkerErrors"]


def chain_cut_off_without_alarm(template: Template) -> None:
    del template["Resources"]["ChainsCutOff"]


def logs_kept_for_ever(template: Template) -> None:
    del properties(template, "WorkerLogs")["RetentionInDays"]


def function_with_the_default_logs(template: Template) -> None:
    del properties(template, "Sweeper")["LoggingConfig"]


def role_that_writes_into_others_logs(template: Template) -> None:
    _statements(template, "WorkerRole")[-1]["Resource"] = {"Fn::GetAtt": ["ApiLogs", "Arn"]}


def queue_without_alarm(template: Template) -> None:
    del template["Resources"]["JobsLate"]


def alarm_that_rings_for_one_failed_job(template: Template) -> None:
    """As it was: the age alone."""
    properties(template, "JobsLate")["Metrics"] = [
        one for one in properties(template, "JobsLate")["Metrics"] if one["Id"] == "age"
    ]


def reputation_that_nobody_watches(template: Template) -> None:
    del template["Resources"]["MailComplaintRate"]


def refusals_that_nobody_watches(template: Template) -> None:
    del template["Resources"]["MailsRefused"]


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


SPOILED: Spoiled = [
    (mails_that_nobody_hears_of, watching.mail_events_are_heard),
    (mails_whose_bounces_nobody_hears_of, watching.mail_events_are_heard),
    (mail_events_that_are_switched_off, watching.mail_events_are_heard),
    (mail_events_that_no_function_reads, watching.mail_events_are_heard),
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
]
