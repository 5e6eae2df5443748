"""Where an operator's command goes, and how it waits its turn."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest
from botocore.awsrequest import AWSResponse

from infra.cloud import aws_cloud

PROFILES = """
[default]
region = eu-west-1
[profile elsewhere]
region = ap-southeast-2
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of an operator who has said nothing at all."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    # Boto's tools keep what the environment said first.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def test_no_region_is_guessed() -> None:
    with pytest.raises(SystemExit, match="which region"):
        aws_cloud(None)


@pytest.mark.parametrize(
    ("said", "environment", "region"),
    [
        (None, {}, "eu-west-1"),
        (None, {"AWS_PROFILE": "elsewhere"}, "ap-southeast-2"),
        (None, {"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        (None, {"AWS_REGION": "eu-south-1", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-south-1"),
        ("eu-central-1", {"AWS_REGION": "eu-south-1"}, "eu-central-1"),
    ],
)
def test_the_region_is_the_one_that_the_operator_s_tools_use(
    said: str | None, environment: dict[str, str], region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(PROFILES)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cloud = aws_cloud(said)
    assert cloud.region == region
    assert cloud.client("sqs").meta.region_name == region


def test_calls_about_identities_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """SES takes one a second, and throttles whoever does not wait."""
    cloud = aws_cloud("eu-west-1")
    clock = [0.0]
    last: dict[str, float] = {}
    done: list[str] = []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def answer(request: Any, **more: Any) -> AWSResponse:
        action = request.body.partition("&")[0].removeprefix("Action=")
        if clock[0] - last.get(action, -1) < 1:
            throttled = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Slow</Message></Error></ErrorResponse>"
            return AWSResponse(request.url, 400, {}, _Raw(throttled))
        last[action] = clock[0]
        done.append(action)
        body = f"<{action}Response><{action}Result/></{action}Response>".encode()
        return AWSResponse(request.url, 200, {}, _Raw(body))

    # What boto waits is drawn by lot.
    random.seed(1)
    ses = cloud.client("ses")
    ses.meta.events.register("before-send", answer)
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=sleep))

    for _ in range(3):
        ses.get_identity_verification_attributes(Identities=["example.com"])

    assert done == ["GetIdentityVerificationAttributes"] * 3


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body
