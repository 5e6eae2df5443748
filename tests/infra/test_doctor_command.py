"""The round trip through the API, and the command as a whole: what is asked, in which order, and how it ends."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.cloud import Cloud
from infra.doctor import __main__ as command
from infra.doctor import api
from infra.doctor.examination import Sender, examine
from infra.doctor.findings import Finding, Level, bad, ok, warn
from tests.infra.stubs import client, refusing

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
WHO = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ops", "UserId": "AIDA"}


@pytest.mark.parametrize(
    ("status", "body", "level"),
    [
        (200, b'{"build":"b1","stage":"dev","table_answers":true}', Level.OK),
        (200, b'{"build":"b0","stage":"dev","table_answers":true}', Level.WARN),
        (503, b'{"code":"table_unavailable","build":"b1","table_answers":false}', Level.BAD),
        (502, b"Bad gateway", Level.BAD),
        (200, b"<html>A page of somebody else</html>", Level.BAD),
        (200, b'{"hello":"world"}', Level.BAD),
    ],
)
def test_a_round_trip(status: int, body: bytes, level: Level) -> None:
    asked: list[str] = []

    def get(url: str) -> tuple[int, bytes]:
        asked.append(url)
        return status, body

    assert api.round_trip(get, "https://api.example.com", "b1").level is level
    assert asked == ["https://api.example.com/health"]


class Account(Cloud):
    """An account in which nothing is allowed but to say who one is."""

    def client(self, service: str) -> Any:
        if service == "sts":
            return client("sts", ("get_caller_identity", WHO))
        return _Denied(service)


class _Denied:
    """Refuses whatever it is asked for, as AWS does."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.exceptions = refusing(service, "describe_stacks").exceptions if service == "cloudformation" else None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def denied(**_: Any) -> Any:
            return getattr(refusing(self._service, operation), operation)(**_)

        return denied


def unreachable(url: str) -> tuple[int, bytes]:
    raise ConnectionError(url)


def test_who_may_nothing_is_told_so_line_by_line() -> None:
    found = dict(examine(Account(None, "eu-west-1"), "dev", Sender("training@example.com", 14), NOW, unreachable))
    assert found.pop("credentials").level is Level.OK
    assert set(found) == {
        "stack", "concurrency", "sender", "SES sandbox", "SES sending", "SES quota", "SES suppression",
    }  # fmt: skip
    assert {one.level for one in found.values()} == {Level.BAD}
    assert found["stack"].says == "DescribeStacks answered AccessDeniedException"
    assert found["SES quota"].do == "Let whoever runs this call GetAccount."


def test_without_a_region_nothing_else_is_asked() -> None:
    found = list(examine(Account(None, ""), "dev", Sender(), NOW, unreachable))
    assert [(name, one.says) for name, one in found] == [("credentials", "no region is chosen")]


@pytest.mark.parametrize(
    ("findings", "ends_with", "counted"),
    [
        ([ok("fine")], 0, "1 ok, 0 to look at, 0 bad"),
        ([ok("fine"), warn("so so", "look")], 0, "1 ok, 1 to look at, 0 bad"),
        ([warn("so so", "look"), bad("broken", "mend it")], 1, "0 ok, 1 to look at, 1 bad"),
    ],
)
def test_the_command_ends_with_1_when_something_is_bad(
    findings: list[Finding],
    ends_with: int,
    counted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "examine", lambda *_: [(f"check {n}", one) for n, one in enumerate(findings)])
    assert command.main(["--stage", "dev", "--region", "eu-west-1"]) == ends_with
    said = capsys.readouterr().out
    assert said.endswith(f"{counted}\n")
    assert all(one.says in said and one.do in said for one in findings)


def test_the_makefile_may_say_nothing_of_sender_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sender] = []
    monkeypatch.setattr(command, "examine", lambda cloud, stage, sender, *_: asked.append(sender) or [])
    command.main(["--stage", "dev", "--region", "eu-west-1", "--mail-from", "", "--mail-rate", ""])
    command.main(["--stage", "dev", "--region", "eu-west-1", "--mail-from", "a@b.example", "--mail-rate", "50"])
    assert asked == [Sender(), Sender("a@b.example", 50)]


def test_a_rate_that_is_no_number_is_refused() -> None:
    with pytest.raises(SystemExit):
        command.main(["--stage", "dev", "--mail-rate", "many"])
