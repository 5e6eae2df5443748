"""Somebody elsewhere who is shown a badge: a library of other people, which asks our public addresses only."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

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
    (did,) = set(re.findall(r'did:web:[^"#]+', _claims(credential)))
    verifier = OB3Verifier.for_issuer_did(did, downloaded)
    return verifier.verify(credential, check_status=True, verify_status_list=True, download=downloaded)


def _claims(credential: str) -> str:
    import base64

    text = credential.split(".")[1]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
