"""Settings from the environment, read at first use: packaging imports the application without them."""

import os
from dataclasses import dataclass, fields
from functools import lru_cache


@dataclass(frozen=True)
class Settings:
    """Each field is the variable of the same name in capitals. The error names every missing one."""

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
    # The configuration set that each mail names: SES sends the mail's events where it says.
    mail_configuration_set: str
    # The public address of the API and its pages, without a slash at the end.
    public_url: str


@lru_cache(maxsize=1)
def settings() -> Settings:
    missing = [field.name.upper() for field in fields(Settings) if field.name.upper() not in os.environ]
    if missing:
        raise RuntimeError(f"not set in the environment: {', '.join(missing)}")
    return Settings(**{field.name: os.environ[field.name.upper()] for field in fields(Settings)})


def allowed_origin() -> str:
    """The only origin that browsers may call from. Packaging needs it, hence the default."""
    return os.environ.get("ALLOWED_ORIGIN", "http://localhost:3000")


def answers_domain() -> str:
    """The domain at which a stage takes in the answers of calendar programs; empty where it takes none."""
    return os.environ.get("ANSWERS_DOMAIN", "")


def portal_path() -> str:
    """What stands before the portal's pages, behind the public address; nothing at a domain of one's own."""
    return os.environ.get("PORTAL_PATH", "/portal")


def portal_url() -> str:
    """Where the portal begins: mails, and pages that are outside of it, lead there."""
    return f"{settings().public_url.rstrip('/')}{portal_path()}"


def edge_key() -> str:
    """By which a request shows that it came through the domain's distribution; empty where there is none."""
    return os.environ.get("EDGE_KEY", "")


def certificates_function() -> str:
    """The name of the function that typesets certificates. Only the worker calls it."""
    return os.environ["CERTIFICATES_FUNCTION"]


def anchors_bucket() -> str:
    """Where the ends of audit chains are written down. The API and the worker have it."""
    return os.environ["ANCHORS_BUCKET"]


def evidence_key() -> str:
    """The KMS key that signs evidence. Only the worker has it."""
    return os.environ["EVIDENCE_KEY"]


def badge_key() -> str:
    """The KMS key that signs badges. Only the worker has it."""
    return os.environ["BADGE_KEY"]


def mail_rate() -> int:
    """Mails a second at most. SES gives a new account 14; raise it with the account's."""
    return int(os.environ.get("MAIL_RATE", "14"))


def build() -> str:
    """The build that runs. Deployments set it, a checkout does not."""
    return os.environ.get("BUILD", "dev")
