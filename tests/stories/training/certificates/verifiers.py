"""Somebody elsewhere who is shown a badge: a library of other people, which asks our public addresses only."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from openbadgeslib.ob3.credential import OpenBadgeCredential
from openbadgeslib.ob3.verifier import OB3Verifier

from tests.harness import World

# Verifiers look at the real clock. Whoever issues on this day issues what counts by it, whenever the test runs.
LONG_AGO = datetime(2026, 1, 5, 10, tzinfo=UTC)

_PUBLIC_URL = "https://muster.example/dev"


def download(world: World) -> Callable[[str], bytes]:
    def downloaded(url: str) -> bytes:
        assert url.startswith(_PUBLIC_URL)
        answer = world.get(url.removeprefix(_PUBLIC_URL))
        assert answer.status == 200, answer.text
        return answer.text.encode()

    return downloaded


def verified(world: World, credential: str) -> OpenBadgeCredential:
    """By its signature, its issuer's DID document and its status list. Raises OB3VerificationError."""
    return verify(download(world), credential)


def verify(downloaded: Callable[[str], bytes], credential: str) -> OpenBadgeCredential:
    """`downloaded` answers what lies at an address."""
    verifier = OB3Verifier.for_issuer_did(payload_of(credential)["iss"], downloaded)
    return verifier.verify(credential, check_status=True, verify_status_list=True, download=downloaded)


def payload_of(credential: str, part: int = 1) -> dict[str, Any]:
    """As anybody reads it; the header with 0."""
    text = credential.split(".")[part]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
