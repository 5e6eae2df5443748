"""Who has logged in, by the claims of Cognito's token: an address counts only if it was proven."""

import base64
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws.accounts import Tokens
from chalicelib.people.accounts import login
from chalicelib.people.accounts.login import LoggedIn


def _tokens(**claims: Any) -> Tokens:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "1", "email": "ann@example.com", **claims}).encode()).decode()
    return Tokens(f"header.{payload}.signature", "access", "refresh", 3600)


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email_verified": True}, "ann@example.com"),
        ({"email_verified": "true"}, "ann@example.com"),
        ({"email_verified": False}, None),
        ({"email_verified": "false"}, None),
        ({}, None),
        ({"email_verified": True, "email": ""}, None),
    ],
)
def test_an_address_that_was_not_proven_is_none(
    monkeypatch: pytest.MonkeyPatch, claims: dict[str, Any], email: str | None
) -> None:
    tokens = _tokens(**claims)
    monkeypatch.setattr(login, "accounts", lambda: SimpleNamespace(log_in=lambda name, password: tokens))
    monkeypatch.setattr(login, "counted", lambda *_: nullcontext())
    found = login.log_in("ann@example.com", "Correct-horse-7", "192.0.2.1", datetime(2027, 1, 4, tzinfo=UTC))
    assert isinstance(found, LoggedIn)
    assert found.email == email
