"""Fixtures of all stories."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.people.members.models import Member
from chalicelib.tenants.audit import log
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.certificates.models import Certificate
from chalicelib.training.sessions.models import Participant, Session
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


# `fields` in an entry are the names of what changed; a session's reason may name who is ill.
_OF_PEOPLE = Member.PERSONAL | Session.PERSONAL | Participant.PERSONAL | Certificate.PERSONAL
_NEVER_IN_THE_TRAIL = (_OF_PEOPLE - {"fields"}) | {"cancel_reason", "reason"}


@pytest.fixture(autouse=True)
def _the_trail_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """F9: an erasure leaves the trail as it is. So no entry of any story has what would have to go."""
    next_record = log._next_record

    def looked_at(tenant_pk: str, chain: int, entry: AuditEntry, *more: Any) -> Any:
        assert not _personal(entry.before) | _personal(entry.after), (entry.action, entry.before, entry.after)
        return next_record(tenant_pk, chain, entry, *more)

    monkeypatch.setattr(log, "_next_record", looked_at)


def _personal(values: Any) -> set[str]:
    """The names under which a text about a person is kept, however deep."""
    if isinstance(values, dict):
        own = {name for name, value in values.items() if name in _NEVER_IN_THE_TRAIL and value}
        own |= {name for name, value in values.items() if name == "fields" and isinstance(value, dict) and value}
        return own.union(*map(_personal, values.values()))
    return set().union(*map(_personal, values)) if isinstance(values, list) else set()


@pytest.fixture
def driver(world: World) -> Driver:
    return Driver(world)


@pytest.fixture
def mailbox(world: World, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The mails that this world sends; `send` is the mailer's turn."""
    box = Mailbox(world)
    box.is_this_world_s(monkeypatch)
    return box


@pytest.fixture
def course(world: World, driver: Driver) -> str:
    return world.course(driver.msp)
