"""KMS: signs with a key that never leaves it. Anybody verifies with the public one."""

import base64
from dataclasses import dataclass

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.core.settings import evidence_key

# What Python's standard library verifies with a power and a comparison (verify_evidence.txt).
_ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"


@dataclass(frozen=True)
class Signer:
    key_id: str

    def sign(self, sha256: bytes) -> bytes:
        """The signature of what has this hash."""
        with translated():
            answer = client("kms").sign(
                KeyId=self.key_id, Message=sha256, MessageType="DIGEST", SigningAlgorithm=_ALGORITHM
            )
        return bytes(answer["Signature"])

    def public_key(self) -> str:
        """As PEM."""
        with translated():
            key = client("kms").get_public_key(KeyId=self.key_id)["PublicKey"]
        lines = base64.encodebytes(key).decode().replace("\n", "")
        body = "\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def signer() -> Signer:
    return Signer(evidence_key())
