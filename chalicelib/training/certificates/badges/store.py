"""Reads and writes of badges, their keys and their status lists."""

from contextlib import suppress
from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs import due
from chalicelib.training.certificates.badges.messages import MakeBadge, RevokeBadge
from chalicelib.training.certificates.badges.models import (
    ISSUER_SK,
    KEYS_PK,
    KEYS_PREFIX,
    Badge,
    BadgeIssuer,
    SigningKey,
    StatusList,
    StatusPlace,
    badge_sk,
    issuer_pk,
    key_sk,
    list_sk,
    place_sk,
    places_pk,
)
from chalicelib.training.certificates.models import Certificate


def badge(certificate: Certificate) -> Badge | None:
    return table.get(Badge, certificate.pk, badge_sk(certificate.certificate_id))


def ask(certificate: Certificate, job: MakeBadge, now: datetime) -> None:
    """The job, and that it was asked for. Nobody waits for a badge of a certificate that no longer counts."""
    asked = (Certificate.badge_asked_at.set(to_text(now)),)
    write = Write("update", Certificate(certificate.pk, certificate.sk), _counts(), asked)
    table.transact([write, due.write(job, sent_at=now)])


def claim(certificate: Certificate, issuer_id: str, list_number: int, index: int) -> None:
    """A place in a status list for good, taken before anything is signed.

    ConditionFailed: with index 0 the certificate changed since it was read; with 1 the place is another badge's.
    """
    same = Certificate.revision == certificate.revision
    actions = (
        Certificate.badge_list.set(list_number), Certificate.badge_index.set(index), Certificate.revision.add(1)
    )  # fmt: skip
    place = StatusPlace(
        places_pk(issuer_id, list_number), place_sk(index), holder=certificate.pk,
        certificate_id=certificate.certificate_id,
    )  # fmt: skip
    table.transact([Write("update", Certificate(certificate.pk, certificate.sk), same, actions), put_new(place)])


def keep(certificate: Certificate, credential: str, job: MakeBadge, now: datetime) -> bool:
    """The badge is there, and the job done. False when the certificate no longer counts."""
    signed = Badge(
        certificate.pk, badge_sk(certificate.certificate_id), certificate_id=certificate.certificate_id,
        credential=credential, signed_at=to_text(now),
    )  # fmt: skip
    is_first = Certificate.badge_at.does_not_exist()
    made = (Certificate.badge_at.set(to_text(now)),)
    write = Write("update", Certificate(certificate.pk, certificate.sk), _counts() & is_first, made)
    try:
        table.transact([write, put_new(signed), due.done(job)])
    except ConditionFailed:
        return False
    return True


def _counts() -> Condition:
    is_last = Certificate.revoked_at.does_not_exist() & Certificate.replaced_by.does_not_exist()
    counts: Condition = Certificate.holder.exists() & is_last
    return counts


# ---------------------------------------------------------------- keys


def key(key_id: str) -> SigningKey | None:
    return table.get(SigningKey, KEYS_PK, key_sk(key_id))


def keys() -> list[SigningKey]:
    """All that ever signed, the newest first."""
    found = table.query_all(SigningKey, KEYS_PK, prefix=KEYS_PREFIX)
    return sorted(found, key=lambda one: str(one.used_since_at), reverse=True)


def add_key(key_id: str, kid: str, modulus: str, now: datetime) -> SigningKey:
    """Again, it changes nothing: one key has one name."""
    new = SigningKey(
        KEYS_PK, key_sk(key_id), key_id=key_id, kid=kid, modulus=modulus, used_since_at=to_text(now)
    )  # fmt: skip
    table.put_if_new(new)
    return new


# ---------------------------------------------------------------- status lists


def issuer_and_list(issuer_id: str, list_number: int) -> tuple[BadgeIssuer | None, StatusList | None]:
    pk = issuer_pk(issuer_id)
    return table.fetch(Ref(BadgeIssuer, pk, ISSUER_SK), Ref(StatusList, pk, list_sk(list_number)))


def issuer(issuer_id: str) -> BadgeIssuer | None:
    return table.get(BadgeIssuer, issuer_pk(issuer_id), ISSUER_SK)


def status_list(issuer_id: str, list_number: int) -> StatusList | None:
    return table.get(StatusList, issuer_pk(issuer_id), list_sk(list_number))


def open_list(issuer_id: str, list_number: int, credential: str, now: datetime) -> None:
    """Publishes an empty list, and gives new badges their places in it. Again, it changes nothing."""
    pk = issuer_pk(issuer_id)
    new = StatusList(pk, list_sk(list_number), credential=credential, signed_at=to_text(now))
    opened = BadgeIssuer(pk, ISSUER_SK, list_number=list_number)
    is_next = BadgeIssuer.pk.does_not_exist() | (BadgeIssuer.list_number < list_number)
    with suppress(ConditionFailed):
        table.transact([put_new(new), Write("put", opened, is_next)])


def publish(job: RevokeBadge, old: StatusList, credential: str, now: datetime) -> None:
    """The list as it is from now on, and the job done. ConditionFailed when the list changed since it was read."""
    actions = (
        StatusList.credential.set(credential), StatusList.signed_at.set(to_text(now)), StatusList.revision.add(1)
    )  # fmt: skip
    write = Write("update", StatusList(old.pk, old.sk), StatusList.revision == old.revision, actions)
    table.transact([write, due.done(job)])
