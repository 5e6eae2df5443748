"""Table of contents: which routes there are, and which function answers which event. No logic."""

# The first of all imports, for it makes the others faster.
from chalicelib.core import start

# isort: split
from typing import Any

from chalice.app import Chalice, CORSConfig, Rate

from chalicelib import api, portal
from chalicelib.core.settings import allowed_origin

app = Chalice("muster")
app.api.cors = CORSConfig(
    allow_origin=allowed_origin(),
    allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Muster-Msp"],
    expose_headers=["Retry-After", "X-Request-Id"],
    max_age=600,
)
app.api.binary_types.append("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
api.register(app)
portal.register(app)

jobs = start.part("chalicelib.worker", "app.worker", "app.dead_letters", "app.sweeper")
mails = start.part("chalicelib.mailer", "app.mailer", "app.mail_events", "app.answers")
pdfs = start.part("chalicelib.training.certificates.pdf.typeset", "app.certificates")


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=5, name="worker")
def worker(event: Any) -> Any:
    return jobs.work(event.to_dict(), time_left=event.context.get_remaining_time_in_millis)


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=1, name="dead_letters")
def dead_letters(event: Any) -> Any:
    return jobs.handle_dead_letters(event.to_dict())


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=1, name="mailer")
def mailer(event: Any) -> Any:
    return mails.send(event.to_dict())


# Subscribed to its topic by infra/functions.yaml: Chalice's own SNS event wants fields that not every sender gives.
@app.lambda_function(name="mail_events")
def mail_events(event: Any, context: Any) -> None:
    mails.handle_delivery_events(event)


# Subscribed like it, to the mails that calendar programs send back.
@app.lambda_function(name="answers")
def answers(event: Any, context: Any) -> None:
    mails.handle_answers(event)


# The worker calls it; typesetter and fonts are a layer that no other function has.
@app.lambda_function(name="certificates")
def certificates(event: Any, context: Any) -> Any:
    return pdfs.typeset(event)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweeper")
def sweeper(event: Any) -> None:
    jobs.sweep(time_left=event.context.get_remaining_time_in_millis)


start.is_over()
