"""The bits of a status list, as the W3C writes them (Bitstring Status List 1.0): one for each badge, 1 for revoked."""

import base64
import gzip

# The least that the W3C allows, so that a list does not tell whose badge somebody asks about.
NUM_BITS = 131_072

# Multibase's letter for base64url without padding.
_BASE64URL = "u"


def encoded(bits: bytes) -> str:
    """The same bits always give the same text."""
    packed = gzip.compress(bits, mtime=0)
    return _BASE64URL + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decoded(text: str) -> bytes:
    packed = text.removeprefix(_BASE64URL)
    return gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))


def none_set() -> bytes:
    return bytes(NUM_BITS // 8)


def is_set(bits: bytes, index: int) -> bool:
    return bool(bits[index // 8] & _mask(index))


def with_bit(bits: bytes, index: int) -> bytes:
    changed = bytearray(bits)
    changed[index // 8] |= _mask(index)
    return bytes(changed)


def _mask(index: int) -> int:
    """The first bit is the highest of the first byte."""
    return 0x80 >> (index % 8)
