"""The key of cursors, over a table in memory: of several that draw one at the same moment the first one's stays."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.web import cursor_key


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the reads find, one after the other."""
    found: list[Any] = []
    table = SimpleNamespace(get=lambda *key: found.pop(0), put_if_new=lambda item: False)
    monkeypatch.setattr(cursor_key, "table", table)
    cursor_key._read.cache_clear()
    yield found
    cursor_key._read.cache_clear()


def test_the_key_that_another_process_has_put_meanwhile_is_taken(reads: list[Any]) -> None:
    reads += [None, SimpleNamespace(secret="0a0b")]
    assert cursor_key._read("table") == b"\x0a\x0b"


def test_without_a_key_nothing_is_signed(reads: list[Any]) -> None:
    reads += [None, None]
    with pytest.raises(Unavailable):
        cursor_key._read("table")
