"""AWS clients on one botocore session, since only the first client of a session is slow to create."""

import gc
import os
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.config import Config

# A function handles one event at a time and needs few connections. Parameters are validated in tests only:
# validation is a quarter of the cost of a bulk insert.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=3,
    read_timeout=15,
    max_pool_connections=10,
    parameter_validation=False,
)

_CONFIG_BY_SERVICE = {
    # No retries: SES would send the message again (chalicelib/aws/mailer.py).
    "ses": _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1})),
    # The default would sign links in the old way, which only the oldest regions take (chalicelib/aws/files.py).
    "s3": _CONFIG.merge(Config(signature_version="s3v4")),
}


@lru_cache(maxsize=1)
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@lru_cache(maxsize=16)
def client(service: str) -> Any:
    return fresh(service)


def fresh(service: str) -> Any:
    """A client with connections of its own, for calls that must not use one that broke while frozen."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    config = _CONFIG_BY_SERVICE.get(service, _CONFIG)
    # Garbage collection would take half of the time of the first client, among the 20,000 objects that botocore reads.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return session().create_client(service, region_name=region, config=config)
    finally:
        if was_enabled:
            gc.enable()


def forget() -> None:
    """Create new clients from now on: for tests, which change the cloud."""
    client.cache_clear()
    session.cache_clear()
