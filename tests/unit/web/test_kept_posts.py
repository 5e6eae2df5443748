"""A form that waits for a log-in: only its browser reads it, and nobody changes it on the way."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from chalicelib.web.sessions import kept_posts
from chalicelib.web.sessions.kept_posts import Post

SOURCE = "192.0.2.1"
NOW = datetime(2027, 1, 4, 10, 0, tzinfo=UTC)
POST = Post("/msp/organizations/new", [("name", "Zoë & Söhne"), ("name", "")], "ann")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    kept: dict[str, SimpleNamespace] = {}

    def keep(name: str, sealed: bytes, ends: int, ttl: int) -> None:
        kept[name] = SimpleNamespace(sealed=sealed, ends=ends)

    monkeypatch.setattr(kept_posts.rate_limits, "take", lambda *_: None)
    monkeypatch.setattr(kept_posts.store, "keep", keep)
    monkeypatch.setattr(kept_posts.store, "kept", kept.get)
    return kept


def test_a_form_comes_back_as_it_was(table: dict[str, SimpleNamespace]) -> None:
    secret = kept_posts.keep(POST, SOURCE, NOW)
    assert secret is not None
    assert kept_posts.find(secret, "ann", NOW) == POST
    assert kept_posts.find(secret, "bob", NOW) is None
    assert kept_posts.find("A" * 43, "ann", NOW) is None
    assert kept_posts.find("", "ann", NOW) is None


def test_what_is_kept_tells_nothing_and_two_forms_look_nothing_alike(table: dict[str, SimpleNamespace]) -> None:
    kept_posts.keep(POST, SOURCE, NOW)
    kept_posts.keep(POST, SOURCE, NOW)
    one, other = (found.sealed for found in table.values())
    assert b"organizations" not in one
    assert sum(a == b for a, b in zip(one, other, strict=True)) < len(one) // 8


def test_a_changed_byte_anywhere_makes_it_nothing(table: dict[str, SimpleNamespace]) -> None:
    secret = kept_posts.keep(POST, SOURCE, NOW)
    assert secret is not None
    (found,) = table.values()
    whole = found.sealed
    for index in range(len(whole)):
        found.sealed = whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :]
        assert kept_posts.find(secret, "ann", NOW) is None, index
    found.sealed = b""
    assert kept_posts.find(secret, "ann", NOW) is None


def test_a_file_is_too_long_to_be_kept(table: dict[str, SimpleNamespace]) -> None:
    assert kept_posts.keep(Post("/x", [("text", "x" * kept_posts.MAX_BYTES)], "ann"), SOURCE, NOW) is None
    assert table == {}
