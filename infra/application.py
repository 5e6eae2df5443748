"""The application's own code, run from here on a deployed stage: as its functions would, in their environment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.core.settings import settings
from infra.cloud import Cloud
from infra.deploy import Stack, describe


@contextmanager
def application_of(cloud: Cloud, stack: Stack) -> Iterator[None]:
    """Let chalicelib work on the stage. On AWS it uses the credentials of whoever runs this."""
    function = stack.resources["APIHandler"]
    configuration = cloud.client("lambda").get_function_configuration(FunctionName=function)
    before = dict(os.environ)
    os.environ.update(configuration["Environment"]["Variables"])
    os.environ["AWS_DEFAULT_REGION"] = cloud.region
    if cloud.endpoint is not None:
        local = {"AWS_ENDPOINT_URL": cloud.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        os.environ.update(local)
    _forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _forget()


def stack_of(cloud: Cloud, stage: str) -> Stack:
    """For a command: without the stage it ends, saying so."""
    try:
        return describe(cloud, stage)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise SystemExit(f"{stage} is not deployed in {cloud.region}: make deploy STAGE={stage} ...") from None


def _forget() -> None:
    clients.forget()
    settings.cache_clear()
