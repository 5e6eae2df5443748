"""AWS clients: one botocore session for all of them, for only the first client on a session is dear."""

import gc
import os
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.config import Config

# Connections are few, for a function answers one event at a time. Parameters are validated by
# tests rather than in production: validation is a quarter of the cost of a bulk insert.
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=3,
    read_timeout=15,
    max_pool_connections=10,
    parameter_validation=False,
)

_CONFIG_BY_SERVICE = {
    # SES would send a message again for every call that is repeated (chalicelib/aws/mailer.py).
    "ses": _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1})),
    # Links would be signed in the old way, which only the oldest regions take (chalicelib/aws/files.py).
    "s3": _CONFIG.merge(Config(signature_version="s3v4")),
}


@lru_cache(maxsize=1)
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@lru_cache(maxsize=16)
def client(service: str) -> Any:
    return fresh(service)


def fresh(service: str) -> Any:
    """A client whose connections are its own: for calls that must not meet one that went stale while nothing ran."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    config = _CONFIG_BY_SERVICE.get(service, _CONFIG)
    # Of the first client's time half would go into looking for garbage among the 20,000 things that botocore reads.
    collects = gc.isenabled()
    gc.disable()
    try:
        return session().create_client(service, region_name=region, config=config)
    finally:
        if collects:
            gc.enable()


def forget() -> None:
    """Make new clients from now on: for tests, which change the cloud under our feet."""
    client.cache_clear()
    session.cache_clear()
