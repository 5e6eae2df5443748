"""Table of contents: which routes there are, and which function answers which event. No logic."""

# The first of all imports, for it makes the others faster.
from chalicelib.core import start

# isort: split
from typing import Any

from chalice.app import Chalice, CORSConfig, Rate

from chalicelib import jobs, mail_jobs
from chalicelib.access.auth_routes import routes as accounts
from chalicelib.access.routes import routes as access
from chalicelib.catalog.routes import routes as catalog
from chalicelib.core.problems import answer_problems
from chalicelib.core.settings import allowed_origin
from chalicelib.enrollment.change_routes import routes as changes
from chalicelib.enrollment.learner_routes import routes as learners
from chalicelib.enrollment.own_routes import routes as own_progress
from chalicelib.enrollment.routes import routes as enrollment
from chalicelib.invites.import_routes import routes as imports
from chalicelib.invites.me_routes import routes as own_invites
from chalicelib.invites.page_routes import routes as invite_pages
from chalicelib.invites.routes import routes as invites
from chalicelib.joining.page_routes import routes as join_pages
from chalicelib.joining.settings_routes import routes as join_settings
from chalicelib.members.email_change_routes import routes as email_changes
from chalicelib.members.people_routes import routes as people
from chalicelib.members.routes import routes as members
from chalicelib.orgs.routes import routes as orgs
from chalicelib.orgs.structure_routes import routes as structure
from chalicelib.reports.routes import routes as exports

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
