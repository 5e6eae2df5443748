"""Signs a credential as VC-JWT: a compact JWS (RFC 7515) whose payload is the credential itself.

RS256: what every verifier of Open Badges has to know, and KMS's answer is the signature as it is. An elliptic curve's
would come as DER, and cost five times as much.
"""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from chalicelib.aws.signing import badge_signer
from chalicelib.core.clock import to_instant
from chalicelib.training.certificates.badges import store
from chalicelib.training.certificates.badges.models import SigningKey

EXPONENT = "AQAB"


def signed(credential: dict[str, Any], now: datetime) -> str:
    """With the claims that Open Badges want beside it. `credential` has an issuer, with a DID as its id."""
    signer = badge_signer()
    key = store.key(signer.key_id) or _noted(signer.key_id, now)
    issuer = credential["issuer"]
    did = issuer if isinstance(issuer, str) else issuer["id"]
    claims = {
        "iss": did, "jti": credential["id"], "nbf": _seconds(credential["validFrom"]),
        "sub": credential["credentialSubject"]["id"],
    }  # fmt: skip
    if "validUntil" in credential:
        claims["exp"] = _seconds(credential["validUntil"])
    header = {"alg": "RS256", "typ": "JWT", "kid": f"{did}#{key.kid}"}
    content = f"{_base64url(_json(header))}.{_base64url(_json(credential | claims))}"
    signature = signer.sign(hashlib.sha256(content.encode()).digest())
    return f"{content}.{_base64url(signature)}"


def payload_of(token: str) -> dict[str, Any]:
    """Of one of ours, without looking at the signature."""
    text = token.split(".")[1]
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return payload


def _noted(key_id: str, now: datetime) -> SigningKey:
    """A key is published before its first signature is."""
    modulus = _base64url(badge_signer().modulus())
    # The members in this order, without spaces: RFC 7638.
    named = _json({"e": EXPONENT, "kty": "RSA", "n": modulus})
    return store.add_key(key_id, _base64url(hashlib.sha256(named).digest()), modulus, now)


def _seconds(instant: str) -> int:
    return int(to_instant(instant).timestamp())


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
