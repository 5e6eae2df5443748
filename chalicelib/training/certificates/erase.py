"""What is left of the certificates of a person who is erased: that they are genuine, and of what."""

from datetime import datetime

from chalicelib.aws.files import files
from chalicelib.core.settle import until_settled
from chalicelib.training.certificates import store
from chalicelib.training.certificates.badges import revocation
from chalicelib.training.certificates.models import Certificate, file_key, holder_pk, own_pk


def erase_member(org_id: str, member_id: str, now: datetime) -> int:
    """Takes the name out of all certificates of a member, and deletes their files; gives how many there are.

    Any number of times: what was interrupted is finished. The member has to be gone before, for a course that is
    completed meanwhile would be certified under the old name.
    """
    return _erase(holder_pk(org_id, member_id), now)


def erase_account(account_id: str, now: datetime) -> int:
    """The same for courses on one's own account."""
    return _erase(own_pk(account_id), now)


def _erase(pk: str, now: datetime) -> int:
    certificates = store.all_of(pk)
    for certificate in certificates:
        # The name first: a file that is being made sees that it is gone, and is deleted by who made it.
        revocation.send_soon(_without_name(certificate, now), now)
        files().delete(file_key(certificate))
    return len(certificates)


def _without_name(certificate: Certificate, now: datetime) -> Certificate | None:
    """The certificate as it was then; None when it was erased before."""
    known = [certificate]

    def step() -> Certificate | None:
        # As it was read with the others; only when it changed meanwhile, as it is now.
        found = known.pop() if known else store.certificate(certificate.pk, certificate.certificate_id)
        if found is None or found.erased_at:
            return None
        store.erase(found, now)
        return found

    return until_settled(step)
