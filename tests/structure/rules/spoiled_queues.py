"""A sound template, spoiled in one place each: queues."""

from typing import Any

from infra.rules import queues
from infra.rules.parts import Template
from tests.structure.rules.spoiling import Spoiled, properties


def _event(template: Template) -> dict[str, Any]:
    event: dict[str, Any] = properties(template, "Worker")["Events"]["WorkerSqsEventSource"]["Properties"]
    return event


def queue_without_dead_letters(template: Template) -> None:
    del properties(template, "JobsQueue")["RedrivePolicy"]


def queue_that_gives_up_early(template: Template) -> None:
    properties(template, "JobsQueue")["RedrivePolicy"]["maxReceiveCount"] = 2


def batch_that_fails_as_a_whole(template: Template) -> None:
    del _event(template)["FunctionResponseTypes"]


def message_shown_while_it_is_worked_on(template: Template) -> None:
    properties(template, "JobsQueue")["VisibilityTimeout"] = 719


def visibility_left_to_its_default(template: Template) -> None:
    del properties(template, "JobsDeadLetters")["VisibilityTimeout"]


def queue_that_starts_what_it_likes(template: Template) -> None:
    del _event(template)["ScalingConfig"]


def queue_that_starts_more_than_may_run(template: Template) -> None:
    _event(template)["ScalingConfig"]["MaximumConcurrency"] = 100


def concurrency_kept_in_every_account(template: Template) -> None:
    properties(template, "APIHandler")["ReservedConcurrentExecutions"] = {"Fn::If": ["IsProd", 50, None]}


def concurrency_kept_for_all_but_the_api(template: Template) -> None:
    del properties(template, "APIHandler")["ReservedConcurrentExecutions"]


def worker_whose_chains_are_cut_off(template: Template) -> None:
    del properties(template, "Worker")["RecursiveLoop"]


def given_up_parts_whose_chains_are_cut_off(template: Template) -> None:
    del properties(template, "DeadLetters")["RecursiveLoop"]


def new_chain_that_nobody_allowed(template: Template) -> None:
    """The mail events' role is let send to a queue that is made to feed it."""
    queue = {"Fn::GetAtt": ["MailEventsFailed", "Arn"]}
    properties(template, "MailEvents")["Events"]["Again"] = {"Type": "SQS", "Properties": {"Queue": queue}}


def endless_loop_that_nothing_stops(template: Template) -> None:
    properties(template, "Sweeper")["RecursiveLoop"] = "Allow"


def batch_that_has_time_for_one_job_alone(template: Template) -> None:
    properties(template, "Worker")["Timeout"] = 100


def batch_on_half_a_cpu(template: Template) -> None:
    """As it was: three long exports in a batch passed the time-out, and all five came back."""
    properties(template, "Worker")["MemorySize"] = 1024


SPOILED: Spoiled = [
    (queue_without_dead_letters, queues.queues_have_dead_letters),
    (queue_that_gives_up_early, queues.queues_have_dead_letters),
    (batch_that_fails_as_a_whole, queues.queue_readers_are_patient),
    (message_shown_while_it_is_worked_on, queues.queue_readers_are_patient),
    (visibility_left_to_its_default, queues.queue_readers_are_patient),
    (queue_that_starts_what_it_likes, queues.throttling_costs_no_tries),
    (queue_that_starts_more_than_may_run, queues.throttling_costs_no_tries),
    (concurrency_kept_in_every_account, queues.throttling_costs_no_tries),
    (concurrency_kept_for_all_but_the_api, queues.throttling_costs_no_tries),
    (worker_whose_chains_are_cut_off, queues.chains_are_allowed),
    (given_up_parts_whose_chains_are_cut_off, queues.chains_are_allowed),
    (new_chain_that_nobody_allowed, queues.chains_are_allowed),
    (endless_loop_that_nothing_stops, queues.chains_are_allowed),
    (batch_that_has_time_for_one_job_alone, queues.batches_end_in_time),
    (batch_on_half_a_cpu, queues.batches_end_in_time),
]
