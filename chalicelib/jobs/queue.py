"""Sends jobs to the jobs queue."""

from collections.abc import Iterable

from chalicelib.aws import queues
from chalicelib.aws.queues import Message
from chalicelib.core import observability
from chalicelib.core.errors import MusterError
from chalicelib.jobs.job import Job


def send(jobs: Iterable[Job]) -> None:
    """Send them all; raises Unavailable when some could not be sent. Some may arrive twice."""
    queues.jobs().send(Message(job.body(), job.tenant_id) for job in jobs)


def send_soon(*jobs: Job) -> None:
    """Send jobs that have due entries. If that fails, the sweeper sends them."""
    try:
        send(jobs)
    except MusterError:
        observability.failure("jobs not sent; the sweeper will send them", num_jobs=len(jobs))
