"""Fixtures of all stories."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.core.settings import settings
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.mailbox import Mailbox

_CREATE = "provide-client-params.scheduler.CreateSchedule"


@pytest.fixture(autouse=True)
def _schedules_wait_for_the_test(world: World) -> Iterator[None]:
    """The local cloud fires schedules by the machine's clock, which is not the world's: here only tests fire them."""
    events = client("scheduler").meta.events
    events.register(_CREATE, _disabled)
    yield
    events.unregister(_CREATE, _disabled)


def _disabled(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {**params, "State": "DISABLED"}


@pytest.fixture
def driver(world: World) -> Driver:
    return Driver(world)


@pytest.fixture
def mailbox(world: World, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The mails that this world sends; `send` is the mailer's turn."""
    box = Mailbox(world)
    monkeypatch.setenv("MAIL_FROM", box.sender)
    settings.cache_clear()
    return box


@pytest.fixture
def course(world: World, driver: Driver) -> str:
    return world.course(driver.msp)
