"""What the environment says, read when first asked for: packaging imports the application without it."""

import os
from dataclasses import dataclass, fields
from functools import lru_cache


@dataclass(frozen=True)
class Settings:
    """Each field is the variable of the same name in capitals; a missing one is named in the error."""

    stage: str
    core_table: str
    enrollments_table: str
    outbox_table: str
    jobs_queue_url: str
    jobs_queue_arn: str
    mail_queue_url: str
    schedule_group: str
    scheduler_role_arn: str
    user_pool_id: str
    user_pool_client_id: str
    files_bucket: str
    mail_from: str
    # What SES tells of a mail goes where this set of its sends it.
    mail_configuration_set: str
    # Where people reach the API and its pages, without a slash at the end.
    public_url: str


@lru_cache(maxsize=1)
def settings() -> Settings:
    missing = [field.name.upper() for field in fields(Settings) if field.name.upper() not in os.environ]
    if missing:
        raise RuntimeError(f"not set in the environment: {', '.join(missing)}")
    return Settings(**{field.name: os.environ[field.name.upper()] for field in fields(Settings)})


def allowed_origin() -> str:
    """The one origin that browsers may call from. Needed while packaging, hence its default."""
    return os.environ.get("ALLOWED_ORIGIN", "http://localhost:3000")


def mail_rate() -> int:
    """Mails a second at most. SES gives a new account 14; raise it with the account's."""
    return int(os.environ.get("MAIL_RATE", "14"))


def build() -> str:
    """Which build runs; the deployment says so, a checkout does not."""
    return os.environ.get("BUILD", "dev")
