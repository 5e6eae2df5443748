"""The lists in which a verifier looks up whether a badge was revoked. Each change is signed anew."""

from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.errors import NotFound
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due
from chalicelib.training.certificates.badges import bits, jws, store
from chalicelib.training.certificates.badges.credential import status_list_of
from chalicelib.training.certificates.badges.messages import RevokeBadge

FIRST = 1


def published(issuer_id: str, list_number: str) -> str:
    """Raises NotFound."""
    found = store.status_list(issuer_id, int(list_number)) if list_number.isdecimal() else None
    if found is None:
        raise NotFound("There is no such status list")
    return str(found.credential)


def open_one(issuer_id: str, list_number: int, now: datetime) -> None:
    empty = status_list_of(issuer_id, list_number, bits.encoded(bits.none_set()), now)
    store.open_list(issuer_id, list_number, jws.signed(empty, now), now)


def revoke(job: RevokeBadge, now: datetime) -> None:
    """Any number of times, and in whatever order: a bit that was set stays set, so it is set for a badge alone that
    was revoked.
    """
    if not due.is_written(job):
        observability.warning("revocation of a badge that nobody revoked", issuer_id=job.issuer_id)
        return

    def step() -> None:
        found = store.status_list(job.issuer_id, job.list_number)
        if found is None:
            raise ValueError("no badge has a place in a list that was never opened")
        before = bits.decoded(jws.payload_of(found.credential)["credentialSubject"]["encodedList"])
        if bits.is_set(before, job.index):
            due.close(job)
            return
        after = bits.encoded(bits.with_bit(before, job.index))
        changed = status_list_of(job.issuer_id, job.list_number, after, now)
        store.publish(job, found, jws.signed(changed, now), now)

    until_settled(step)
