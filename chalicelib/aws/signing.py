"""KMS: signs with a key that never leaves it. Anybody verifies with the public one."""

import base64
from dataclasses import dataclass

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.core.settings import badge_key, evidence_key

# What Python's standard library verifies with a power and a comparison (verify_evidence.txt). JOSE calls it RS256.
_ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"

# A public key of 2048 bits as KMS answers it (SubjectPublicKeyInfo, DER), around the number: all but that is the same.
_BEFORE_MODULUS = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_AFTER_MODULUS = bytes.fromhex("0203010001")


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
        lines = base64.encodebytes(self._public_key()).decode().replace("\n", "")
        body = "\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"

    def modulus(self) -> bytes:
        """The number that makes the public key; the exponent is 65537 for every key of KMS."""
        key = self._public_key()
        if not key.startswith(_BEFORE_MODULUS) or not key.endswith(_AFTER_MODULUS):
            raise ValueError("this is no RSA key of 2048 bits")
        return key[len(_BEFORE_MODULUS) : -len(_AFTER_MODULUS)]

    def _public_key(self) -> bytes:
        with translated():
            return bytes(client("kms").get_public_key(KeyId=self.key_id)["PublicKey"])


def signer() -> Signer:
    """Of evidence."""
    return Signer(evidence_key())


def badge_signer() -> Signer:
    return Signer(badge_key())
