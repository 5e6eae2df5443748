"""The HTTP interface: one file for each part of it. A route parses, makes one service call, and answers."""

from importlib import import_module
from typing import Any

from chalicelib.core import start

PARTS = (
    "about", "accounts", "admins", "audit", "batches", "certificates.badges", "certificates.issued",
    "certificates.mine", "courses", "directory.bulk_actions", "email_change", "exports", "home", "invitation_pages",
    "invitations", "join_page", "join_settings", "learners", "live_trainings.calendar_feed",
    "live_trainings.my_trainings", "live_trainings.participants", "live_trainings.rsvp_pages",
    "live_trainings.sessions", "live_trainings.trainings", "members", "msp.activity", "msp.drafts",
    "my_invitations", "my_notifications", "org_training", "organizations", "records.personal_data",
    "records.reports", "rollouts", "search", "self_enrollment", "structure", "uploads",
)  # fmt: skip


def register(app: Any) -> None:
    """Put every route on the Chalice application; nothing where this function serves no HTTP."""
    if not start.serves("app.app"):
        return
    from chalicelib.web.correlation import correlate
    from chalicelib.web.downloads import send_binary
    from chalicelib.web.problems import problems_of

    app.register_middleware(correlate, "http")
    app.register_middleware(problems_of(app), "http")
    app.register_middleware(send_binary, "http")
    for part in PARTS:
        app.register_blueprint(import_module(f"{__name__}.{part}").routes.blueprint)
