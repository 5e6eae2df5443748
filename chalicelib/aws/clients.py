"""AWS clients: one botocore session for all of them, for only the first client on a session is dear."""

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


@lru_cache(maxsize=1)
def session() -> botocore.session.Session:
    return botocore.session.get_session()


@lru_cache(maxsize=16)
def client(service: str) -> Any:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return session().create_client(service, region_name=region, config=_CONFIG)


def forget() -> None:
    """Make new clients from now on: for tests, which change the cloud under our feet."""
    client.cache_clear()
    session.cache_clear()
