"""A month's bill: how much of what a month takes, and what AWS asks for it. Pure functions over tables of numbers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

_HOURS = 730
_SWEEPS = _HOURS * 60
_BYTES_OF_GB = 1_000_000_000

# Step ends (how many at most, without an end for the last) with the price of each.
Steps = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Month:
    """What happens in a month. Every learner is enrolled in `courses` courses; clients are of one size.

    `mails` counts all mails, `logins` everybody who logs in at least once, `invited` those who are invited by hand
    and accept.
    """

    clients: int
    learners: int
    mails: int
    logins: int
    courses: int = 1
    invited: int = 0

    def __post_init__(self) -> None:
        if min(self.clients, self.learners, self.mails, self.logins, self.courses, self.invited) < 0:
            raise ValueError("a month has no negative numbers")
        if self.learners and not self.clients:
            raise ValueError("learners belong to clients: say how many clients there are")


@dataclass(frozen=True)
class Deployment:
    """What a stage has at rest, by its template. `tier` is the user pool's: lite, essentials or plus."""

    alarms: int
    metrics: int
    dashboards: int
    keys: int
    polled_queues: int
    memory_gb: float
    memory_gb_of_worker: float
    tier: str


@dataclass(frozen=True)
class Price:
    """Dollars for each `per`, in steps."""

    service: str
    what: str
    per: float
    steps: Steps

    def of(self, quantity: float) -> float:
        dollars, begin = 0.0, 0.0
        for end, price in self.steps:
            if quantity > begin:
                dollars += (min(quantity, end) - begin) / self.per * price
            begin = end
        return dollars


@dataclass(frozen=True)
class Line:
    service: str
    what: str
    quantity: float
    dollars: float


def quantities(month: Month, figures: Mapping[str, float], deployment: Deployment) -> dict[str, float]:
    """How much of everything that has a price, by the price's name. `figures` are those of figures.toml."""
    f = figures
    rollouts = month.clients * month.courses
    chunks = rollouts * math.ceil(month.learners / month.clients / f["learners_of_chunk"]) if month.clients else 0
    enrollments = month.learners * month.courses
    requests = month.logins * f["requests_of_login"] + month.clients * f["requests_of_client"]
    messages = rollouts + chunks + month.mails * f["calls_of_making_1000_mails"] / 1000 + 2 * month.invited
    calls_of_worker = (
        rollouts * f["calls_of_rollout"]
        + chunks * f["calls_of_chunk"]
        + enrollments / f["learners_of_call"]
        + month.mails * f["calls_of_making_1000_mails"] / 1000
    )
    other_calls = (
        month.mails * f["calls_of_news"]
        + month.invited * (f["calls_of_inviting"] + f["calls_of_accepting"])
        + _SWEEPS * f["calls_of_sweep"]
    )
    seconds_of_worker = calls_of_worker * f["seconds_of_call"]
    other_seconds = (
        other_calls * f["seconds_of_call"] + month.mails * f["seconds_of_mailer"] + requests * f["seconds_of_request"]
    )
    # Of mails the mailer's run, and the one that takes SES's news in.
    invocations = requests + messages + 2 * month.mails + _SWEEPS
    stored = _gb_stored(month, figures)
    exported = month.learners * f["export_bytes_of_learner"] / _BYTES_OF_GB
    return {
        "lambda_requests": invocations,
        "lambda_gb_seconds": other_seconds * deployment.memory_gb + seconds_of_worker * deployment.memory_gb_of_worker,
        "api_requests": requests,
        "dynamodb_writes": _writes(month, figures, rollouts, chunks),
        "dynamodb_reads": _reads(month, figures, requests),
        "dynamodb_storage": stored,
        "dynamodb_recovery": stored,
        "sqs_requests": messages * f["requests_of_message"] + deployment.polled_queues * f["polls_of_queue"],
        "scheduler_invocations": rollouts * f["schedules_of_rollout"],
        "ses_mails": month.mails,
        "sns_publishes": month.mails,
        f"cognito_{deployment.tier}": month.logins,
        "cloudwatch_logs": invocations * f["log_bytes"] / _BYTES_OF_GB,
        "cloudwatch_alarms": deployment.alarms,
        "cloudwatch_metrics": deployment.metrics,
        "cloudwatch_dashboards": deployment.dashboards,
        "kms_keys": deployment.keys,
        "s3_storage": exported * f["months_of_export"],
        "s3_writes": month.clients,
    }


def _writes(month: Month, f: Mapping[str, float], rollouts: int, chunks: int) -> float:
    return (
        rollouts * f["writes_of_rollout"]
        + chunks * f["writes_of_chunk"]
        + month.learners * month.courses * f["writes_of_enrollment"]
        + month.mails * (f["writes_of_making_mail"] + f["writes_of_sending_mail"] + f["writes_of_news"])
        + month.invited * (f["writes_of_inviting"] + f["writes_of_accepting"])
    )


def _reads(month: Month, f: Mapping[str, float], requests: float) -> float:
    return (
        month.learners * month.courses * f["reads_of_enrollment"]
        + month.mails * (f["reads_of_making_mail"] + f["reads_of_sending_mail"] + f["reads_of_news"])
        + month.invited * (f["reads_of_inviting"] + f["reads_of_accepting"])
        + requests * f["reads_of_request"]
        + _SWEEPS * f["reads_of_sweep"]
    )


def _gb_stored(month: Month, f: Mapping[str, float]) -> float:
    """An enrollment lies in the table and in its index."""
    enrollment = 2 * (f["bytes_of_enrollment"] + f["bytes_around_item"])
    kept = month.learners * (f["bytes_of_learner"] + month.courses * enrollment) + month.mails * f["bytes_of_mail"]
    return kept / _BYTES_OF_GB


def bill(quantity_by_name: Mapping[str, float], prices: Mapping[str, Price]) -> list[Line]:
    """A line for each quantity. Raises KeyError for one that has no price."""
    lines = []
    for name, quantity in quantity_by_name.items():
        price = prices[name]
        lines.append(Line(price.service, price.what, quantity, price.of(quantity)))
    return lines


def by_service(lines: Iterable[Line]) -> list[tuple[str, float, list[Line]]]:
    """Services with their sums and lines, the dearest first."""
    grouped = groupby(sorted(lines, key=attrgetter("service")), key=attrgetter("service"))
    services = [(service, list(own)) for service, own in grouped]
    sums = [(service, sum(line.dollars for line in own), own) for service, own in services]
    return sorted(sums, key=lambda one: (-one[1], one[0]))
