"""The DID document of an issuer: with which keys its badges were ever signed."""

from typing import Any

from chalicelib.core.errors import NotFound
from chalicelib.training.certificates.badges import jws, store
from chalicelib.training.certificates.badges.addresses import did_of
from chalicelib.training.certificates.badges.models import SigningKey


def document(issuer_id: str) -> dict[str, Any]:
    """The newest key first: some verifiers look at no other for a status list. Raises NotFound."""
    if store.issuer(issuer_id) is None:
        raise NotFound("Nobody here issued badges under this name")
    did = did_of(issuer_id)
    keys = store.keys()
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [_method(did, key) for key in keys],
        "assertionMethod": [f"{did}#{key.kid}" for key in keys],
    }


def _method(did: str, key: SigningKey) -> dict[str, Any]:
    return {
        "id": f"{did}#{key.kid}",
        "type": "JsonWebKey2020",
        "controller": did,
        "publicKeyJwk": {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": key.kid,
            "n": key.modulus,
            "e": jws.EXPONENT,
        },
    }
