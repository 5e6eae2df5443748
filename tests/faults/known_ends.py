"""What a step leads to is kept: another case that takes the same step from an equal state gets the same end.

Most cases differ in one fault, and after it in nothing: the same redeliveries and later jobs follow, from one of few
states. A step in which no call is numbered or broken depends on nothing but what `_Case.key` tells: tables, queues,
schedules, files, accounts and mails, the clock, the callers, and what the test has set. Chance is seeded with that key,
so that it is no part of it. Whatever cannot be told for certain is led as if nothing were known.

test_known_states.py shows that no other state is taken for the same, test_known_ends.py that a replay is like the real.
"""

import pickle
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from chalicelib.aws import accounts
from chalicelib.core.settings import settings
from chalicelib.web import cursor_key
from tests import in_process_cloud
from tests.faults import cloud_digest
from tests.faults.chance import chance
from tests.faults.cloud_digest import Unknown
from tests.faults.injector import Injector
from tests.harness import World

R = TypeVar("R")

# Bytes that are kept at most: the oldest ends are forgotten.
_ROOM = 100_000_000

# What a function asks AWS for once. A step that asks is led again.
_ASKED_ONCE = (accounts._secret, cursor_key._read)

# Of a world, what is the same in all cases.
_OF_THE_PROCESS = ("cloud", "stage", "mail_time", "now")

# A link with an instant of the machine's clock.
_SIGNED = b"X-Amz-Date="

_PLAIN = (str, bytes, int, float, bool, type(None))


@dataclass(frozen=True)
class _End:
    result: bytes
    digest: bytes
    # The clock, and until when the mailer slept.
    time: tuple[Any, int]


class KnownEnds:
    def __init__(self) -> None:
        self._ends: dict[bytes, _End] = {}
        # By digest.
        self._clouds: OrderedDict[bytes, bytes] = OrderedDict()
        self._seen: dict[bytes, bytes] = {}
        self._size = 0
        self._case: _Case | None = None
        self.num_led = self.num_replayed = 0

    def begin_case(self, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        self._case = _Case(injector, monkeypatch)

    def begin_again(self) -> None:
        """All is set back to a state of before: what was drawn since is nowhere any more."""
        if self._case is not None:
            self._case.begun.clear()

    def end_case(self) -> None:
        self._case = None

    def forget(self) -> None:
        self._ends.clear()
        self._clouds.clear()
        self._seen.clear()
        self._size = 0

    def lead(self, world: World, step: Sequence[Any], run: Callable[[], R]) -> R:
        """Take this step, which `run` leads, or what it is known to lead to.

        Beside the world, a step may change what its result holds: it gives a copy of that each time.
        """
        case = self._case
        if case is None:
            return run()
        try:
            state = case.key(world, step)
        except Unknown:
            return run()
        key = case.counted(state)
        if case.injector.is_watching:
            with chance.seeded(b"broken" + key):
                return run()
        for known in (state, key):
            if known in self._ends and self._ends[known].digest in self._clouds:
                return self._replayed(case, world, known)
        before = case.unchanging(world)
        with chance.seeded(key):
            result = run()
            has_drawn = chance.position.num_drawn > 0
        self.num_led += 1
        # What draws nothing is the same however often it was begun.
        self._keep(case, world, key if has_drawn else state, before, result)
        return result

    def seen(self, world: World, look: str, read: Callable[[], R]) -> R:
        """What was read of a state that is not changed by it."""
        try:
            key = self._case.key(world, ("look", look)) if self._case else None
        except Unknown:
            key = None
        if key is None:
            return read()
        if key not in self._seen:
            result = read()
            self._seen[key] = pickle.dumps(result)
            return result
        found: R = pickle.loads(self._seen[key])
        return found

    def _keep(self, case: "_Case", world: World, key: bytes, before: Any, result: Any) -> None:
        if case.unchanging(world) != before:
            return
        try:
            end = _End(pickle.dumps(result), case.digest(), (world.now, world.mail_time._slept_until))
        except Unknown:
            return
        if _SIGNED in end.result:
            return
        self._ends[key] = end
        if end.digest not in self._clouds:
            self._clouds[end.digest] = cloud_digest.snapshot()
            self._size += len(self._clouds[end.digest])
        while self._size > _ROOM:
            _, oldest = self._clouds.popitem(last=False)
            self._size -= len(oldest)

    def _replayed(self, case: "_Case", world: World, key: bytes) -> Any:
        end = self._ends[key]
        self.num_replayed += 1
        world.now, world.mail_time._slept_until = end.time
        if case.digest() != end.digest:
            cloud_digest.restore(self._clouds[end.digest])
            case.set_digest(end.digest)
        return pickle.loads(end.result)


class _Case:
    """One test, and what its steps depend on."""

    def __init__(self, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        self.injector = injector
        self._monkeypatch = monkeypatch
        self._digest: tuple[int, bytes] | None = None
        self._names: dict[int, str] = {}
        self._variables: tuple[int, list[Any]] | None = None
        # How often a step was begun in a state: nothing is drawn twice.
        self.begun: Counter[bytes] = Counter()

    def digest(self) -> bytes:
        """Of the cloud; read again only when something may have changed."""
        if self._digest is None or self._digest[0] != in_process_cloud.num_changing:
            self.set_digest(cloud_digest.digest())
        assert self._digest is not None
        return self._digest[1]

    def set_digest(self, digest: bytes) -> None:
        self._digest = (in_process_cloud.num_changing, digest)

    def key(self, world: World, step: Sequence[Any]) -> bytes:
        """The same for the same step from an equal state."""
        cloud_digest.forget_tokens()
        time = (world.now.isoformat(), world.mail_time._slept_until)
        return cloud_digest.digest_of([self.digest(), list(step), time, self.unchanging(world)])

    def counted(self, key: bytes) -> bytes:
        """Another one each time."""
        self.begun[key] += 1
        return cloud_digest.digest_of([key, self.begun[key]])

    def unchanging(self, world: World) -> list[Any]:
        """What a step may read and, as a rule, leaves alone."""
        told = vars(world)
        return [
            [told[name] for name in sorted(told) if name not in _OF_THE_PROCESS],
            [cached.cache_info().currsize for cached in _ASKED_ONCE],
            list(vars(settings()).values()),
            [self._token(target, name) for target, name, _ in self._monkeypatch._setattr],
            self._environment(),
        ]

    def _token(self, target: Any, name: str) -> tuple[str, str, Any]:
        """What a test has set now, told so that equal tokens mean equal values."""
        if id(target) not in self._names:
            self._names[id(target)] = _name_of(target)
        value = getattr(target, name)
        return self._names[id(target)], name, value if _is_plain(value) else _name_of(value)

    def _environment(self) -> list[Any]:
        """What a test has set of mappings; read again when it has set something more."""
        found = self._monkeypatch._setitem
        if self._variables is None or self._variables[0] != len(found):
            self._variables = (len(found), [(str(name), mapping.get(name)) for mapping, name, _ in found])
        return self._variables[1]


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _name_of(thing: Any) -> str:
    """Of a module, or of what a module has under this name."""
    name = getattr(thing, "__qualname__", None)
    if name is None:
        found = getattr(thing, "__name__", None)
        if found is None or sys.modules.get(found) is not thing:
            raise Unknown
        return str(found)
    owner: Any = sys.modules.get(thing.__module__)
    for part in name.split("."):
        owner = getattr(owner, part, None)
    if owner is not thing:
        raise Unknown
    return f"{thing.__module__}.{name}"


known_ends = KnownEnds()
