"""Items of badges."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, EnrollmentItem


class Badge(EnrollmentItem):
    """`ORG#o#MEMBER#m` or `ACCOUNT#a` / `BADGE#<certificate>`: signed once, and kept as it is.

    `credential` is the compact JWS. It has name and address as salted hashes only.
    """

    PERSONAL = frozenset({"credential"})

    certificate_id = UnicodeAttribute()
    credential = UnicodeAttribute()
    signed_at = UnicodeAttribute()


def badge_sk(certificate_id: str) -> str:
    return f"BADGE#{certificate_id}"


class SigningKey(CoreItem):
    """`BADGES` / `KEY#<KMS key>`: a public key, from its first signature on. It stays, for what it signed stays.

    `kid` is its name in headers and in DID documents (RFC 7638), `modulus` its `n` in base64url; `e` is always AQAB.
    """

    key_id = UnicodeAttribute()
    kid = UnicodeAttribute()
    modulus = UnicodeAttribute()
    used_since_at = UnicodeAttribute()


KEYS_PK, KEYS_PREFIX = "BADGES", "KEY#"


def key_sk(key_id: str) -> str:
    return f"{KEYS_PREFIX}{key_id}"


class BadgeIssuer(CoreItem):
    """`BADGES#<issuer>` / `ISSUER`: `list_number` is the status list that new badges get a place in, from 1 on."""

    list_number = NumberAttribute(default=1)


class StatusList(CoreItem):
    """`BADGES#<issuer>` / `LIST#<number>`: the list as it is published, signed. `revision` guards every change."""

    credential = UnicodeAttribute()
    signed_at = UnicodeAttribute()
    revision = NumberAttribute(default=0)


class StatusPlace(CoreItem):
    """`BADGES#<issuer>#LIST#<number>` / `PLACE#<index>`: whose bit it is. No two badges share one."""

    holder = UnicodeAttribute()
    certificate_id = UnicodeAttribute()


ISSUER_SK = "ISSUER"


def issuer_pk(issuer_id: str) -> str:
    return f"BADGES#{issuer_id}"


def list_sk(list_number: int) -> str:
    return f"LIST#{list_number}"


def places_pk(issuer_id: str, list_number: int) -> str:
    return f"{issuer_pk(issuer_id)}#{list_sk(list_number)}"


def place_sk(index: int) -> str:
    return f"PLACE#{index:06}"
