"""Table of contents: which routes there are, and which function answers which event. No logic."""

# The first of all imports, for it makes the others faster.
from chalicelib.core import start

# isort: split
from typing import Any

from chalice.app import Chalice, CORSConfig, Rate

from chalicelib import mailer as mail_jobs
from chalicelib import worker as jobs
from chalicelib.api.accounts import routes as accounts
from chalicelib.api.admins import routes as access
from chalicelib.api.batches import routes as changes
from chalicelib.api.courses import routes as catalog
from chalicelib.api.email_change import routes as email_changes
from chalicelib.api.exports import routes as exports
from chalicelib.api.invitation_pages import routes as invite_pages
from chalicelib.api.invitations import routes as invites
from chalicelib.api.join_page import routes as join_pages
from chalicelib.api.join_settings import routes as join_settings
from chalicelib.api.learners import routes as learners
from chalicelib.api.members import routes as members
from chalicelib.api.my_invitations import routes as own_invites
from chalicelib.api.organizations import routes as orgs
from chalicelib.api.people import routes as people
from chalicelib.api.rollouts import routes as enrollment
from chalicelib.api.self_enrollment import routes as own_progress
from chalicelib.api.structure import routes as structure
from chalicelib.api.uploads import routes as imports
from chalicelib.core.settings import allowed_origin
from chalicelib.web.problems import answer_problems

app = Chalice("muster")
app.api.cors = CORSConfig(
    allow_origin=allowed_origin(),
    allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Muster-Msp"],
    expose_headers=["Retry-After"],
    max_age=600,
)
app.api.binary_types.append("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
app.register_middleware(answer_problems, "http")

for feature in (
    accounts, email_changes, access, orgs, structure, catalog, members, people, enrollment, changes, learners,
    own_progress, exports, invites, own_invites, invite_pages, imports, join_settings, join_pages,
):  # fmt: skip
    app.register_blueprint(feature.blueprint)


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=5, name="worker")
def worker(event: Any) -> dict[str, Any]:
    return jobs.work(event.to_dict())


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=1, name="dead_letters")
def dead_letters(event: Any) -> dict[str, Any]:
    return jobs.bury(event.to_dict())


@app.on_sqs_message(queue_arn="set-by-infra", batch_size=1, name="mailer")
def mailer(event: Any) -> dict[str, Any]:
    return mail_jobs.send(event.to_dict())


# Subscribed to its topic by infra/functions.yaml: Chalice's own SNS event wants fields that not every sender gives.
@app.lambda_function(name="mail_events")
def mail_events(event: Any, context: Any) -> None:
    mail_jobs.settle(event)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweeper")
def sweeper(event: Any) -> None:
    jobs.sweep()


start.is_over()
