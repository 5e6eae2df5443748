"""What a template must say of queues and of the functions that they feed: no message is lost, or given up too early."""

from collections.abc import Iterator

from chalicelib.jobs.delivery import LEAST_TIME_MS
from infra.rules.parts import (
    FUNCTION,
    QUEUE,
    Rule,
    Template,
    dead_letters_of,
    listed,
    named_by,
    of_type,
    sqs_events,
    statements_of,
)

_MAX_RECEIVES = 5
_VISIBILITY_PER_TIMEOUT = 6

# From so many MB on, Lambda gives a function a whole CPU.
_WHOLE_CPU = 1769


def queues_have_dead_letters(template: Template) -> Iterator[str]:
    targets = {dead_letters_of(queue) for _, queue in of_type(template, QUEUE)} | set(_failure_queues(template))
    for name, queue in of_type(template, QUEUE):
        if name in targets:
            continue
        if dead_letters_of(queue) is None:
            yield f"{name} has no dead-letter queue"
        elif queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] < _MAX_RECEIVES:
            yield f"{name} gives up before {_MAX_RECEIVES} receives"


def _failure_queues(template: Template) -> Iterator[str]:
    """Where events go that a function failed at: dead letters as well."""
    for _, function in of_type(template, FUNCTION):
        config = function["Properties"].get("EventInvokeConfig", {})
        destination = config.get("DestinationConfig", {}).get("OnFailure")
        if destination:
            yield named_by(destination["Destination"])


def queue_readers_are_patient(template: Template) -> Iterator[str]:
    for name, function in of_type(template, FUNCTION):
        for event in sqs_events(function):
            if "ReportBatchItemFailures" not in event.get("FunctionResponseTypes", []):
                yield f"{name} cannot tell which messages of a batch failed"
            queue = named_by(event["Queue"])
            visibility = template["Resources"][queue]["Properties"].get("VisibilityTimeout", 30)
            if visibility < _VISIBILITY_PER_TIMEOUT * function["Properties"]["Timeout"]:
                yield f"{queue} shows messages again after {visibility} s, too early for {name}"


def throttling_costs_no_tries(template: Template) -> Iterator[str]:
    """A queue starts no more than its function may run: what Lambda throttles counts as received.

    Where concurrency is kept for functions at all, it is for each of these as much as its queue may start.
    """
    for name, function in of_type(template, FUNCTION):
        kept = function["Properties"].get("ReservedConcurrentExecutions", {}).get("Fn::If", [None, None])
        starts = [event.get("ScalingConfig", {}).get("MaximumConcurrency") for event in sqs_events(function)]
        if None in starts:
            yield f"{name} is started by its queue as often as the queue likes"
        if starts and [kept[1]] != starts:
            yield f"{name} is kept {kept[1]} invocations where its queue may start {starts}"
        if kept[0] != "KeepsConcurrency" and (starts or function["Properties"]["Handler"] == "app.app"):
            yield f"no concurrency is kept for {name}, or always, which AWS refuses small accounts"


def chains_are_allowed(template: Template) -> Iterator[str]:
    """Lambda drops what went around the same function some 16 times, unless the function says that it may.

    Only where a function's messages can come back to it: from a queue that it reads, or as dead letters of that queue.
    """
    queues = dict(of_type(template, QUEUE))
    for name, function in of_type(template, FUNCTION):
        reads = {named_by(event["Queue"]) for event in sqs_events(function)}
        sends = {
            named_by(resource)
            for statement in statements_of(template, function)
            if "sqs:SendMessage" in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        }
        comes_back = sends & reads or {dead_letters_of(queues[queue]) for queue in sends if queue in queues} & reads
        is_allowed = function["Properties"].get("RecursiveLoop") == "Allow"
        if comes_back and not is_allowed:
            yield f"{name} is cut off after 16 messages to itself"
        if is_allowed and not comes_back:
            yield f"{name} sends nothing to itself, and yet nothing stops it if it did"


def batches_end_in_time(template: Template) -> Iterator[str]:
    """Where a function gets several messages at once: the longest job fits twice, on a whole CPU."""
    for name, function in of_type(template, FUNCTION):
        properties = function["Properties"]
        if not any(event.get("BatchSize", 1) > 1 for event in sqs_events(function)):
            continue
        if properties["Timeout"] * 1000 < 2 * LEAST_TIME_MS:
            yield f"{name} has {properties['Timeout']} s for a batch in which one job may take {LEAST_TIME_MS / 1000:g}"
        if properties["MemorySize"] < _WHOLE_CPU:
            yield f"{name} has a part of a CPU for a batch of jobs"


RULES: tuple[Rule, ...] = (
    queues_have_dead_letters,
    queue_readers_are_patient,
    throttling_costs_no_tries,
    chains_are_allowed,
    batches_end_in_time,
)
