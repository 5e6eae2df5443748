"""The local cloud: one MiniStack process on the loopback address, with kept state.

Run as a context manager, so that Ctrl-C and errors end the process as well.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"

# A busy machine may take minutes; a process that fails is noticed at once.
_SECONDS_TO_START = 300


@dataclass(frozen=True)
class Cloud:
    """Where a cloud answers: AWS itself when `endpoint` is None, else the local one."""

    endpoint: str | None
    region: str = REGION

    def client(self, service: str) -> Any:
        # SES takes one call a second about identities, CloudFormation a few: an operator's command waits its turn.
        arguments: dict[str, Any] = {"config": Config(retries={"mode": "standard", "total_max_attempts": 10})}
        if self.endpoint is not None:
            arguments = {
                "endpoint_url": self.endpoint,
                "aws_access_key_id": "test",
                "aws_secret_access_key": "test",
                # Three minutes let a deployment wait for the local cloud; AWS never needs them.
                "config": Config(read_timeout=180, retries={"mode": "standard"}),
            }
        return boto3.client(service, region_name=self.region, **arguments)  # type: ignore[no-untyped-call]

    @property
    def is_local(self) -> bool:
        return self.endpoint is not None

    def api_url(self, api_id: str, stage: str) -> str:
        if self.endpoint is None:
            return f"https://{api_id}.execute-api.{self.region}.amazonaws.com/{stage}"
        return f"{self.endpoint}/_aws/execute-api/{api_id}/{stage}"


def add_region(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument("--region", help="by default the one in AWS_REGION, AWS_DEFAULT_REGION or the profile")


def aws_cloud(region: str | None) -> Cloud:
    """AWS itself, where the operator's environment says. None is guessed: without one the command ends, saying so."""
    # Of boto's tools only AWS's own command line reads AWS_REGION.
    session = boto3.session.Session()  # type: ignore[no-untyped-call]
    known = region or os.environ.get("AWS_REGION") or session.region_name
    if not known:
        raise SystemExit("which region? Set AWS_REGION, or give the profile one: aws configure set region eu-central-1")
    return Cloud(None, known)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_up(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_until_up(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not _is_up(endpoint):
        if process.poll() is not None:
            raise RuntimeError(f"the local cloud ended while starting; its log is {log}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the local cloud did not answer within {_SECONDS_TO_START} s; its log is {log}")
        time.sleep(0.1)


def server_environment(home: Path, port: int, keep_state: bool) -> dict[str, str]:
    """What MiniStack reads. IAM is enforced (AUTH), so that a function whose policy lacks an action fails here too."""
    return {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1" if keep_state else "0",
        "STATE_DIR": str(home / "state"),
        "LOG_LEVEL": "WARNING",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "TMPDIR": str(_made(home / "tmp")),
    }


@contextmanager
def local_cloud(home: Path, port: int, *, keep_state: bool) -> Iterator[Cloud]:
    """Start MiniStack on 127.0.0.1:`port` with its files under `home`; stop it at the end."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "cloud.log"
    endpoint = f"http://127.0.0.1:{port}"
    if _is_up(endpoint):
        raise RuntimeError(f"something answers on {endpoint} already; stop it, or choose another PORT")
    environment = {**os.environ, **server_environment(home, port, keep_state)}
    environment.pop("AWS_ENDPOINT_URL", None)
    with log.open("ab") as output:
        # A session of its own keeps the terminal's Ctrl-C from reaching it before its state is saved.
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "local_aws" / "__main__.py")],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_up(process, endpoint, log)
        yield Cloud(endpoint)
    finally:
        _stop(process)
        # Unpacked functions, of no use to the next process.
        shutil.rmtree(home / "tmp", ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Functions run as children in the same session; none of them may outlive the cloud.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
