"""What the start page shows, in few calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chalicelib.aws import partitions, table
from chalicelib.aws.table import Fetched, Ref
from chalicelib.people.members.models import INVITES_PREFIX, OpenInvite, address_pk
from chalicelib.tenants.access.models import AccountEntry, account_pk
from chalicelib.training.batches.models import Enrollment, enrollment_sk, learner_pk
from chalicelib.training.certificates.models import CERTIFICATES_PREFIX, Certificate
from chalicelib.training.self_enrollment.models import self_enrollments_pk
from chalicelib.training.sessions.models import Participation, training_sk


@dataclass
class Belongings:
    """Of a person's memberships and own account; enrollments without history."""

    enrollments: list[Enrollment] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    participations: list[Participation] = field(default_factory=list)


def entries_and_invitations(account_id: str, email: str | None) -> tuple[list[AccountEntry], list[OpenInvite]]:
    """Memberships and roles of the account, and where its address was invited. One call, read consistently."""
    pks = [account_pk(account_id), *([address_pk(email)] if email else [])]
    models = {INVITES_PREFIX: OpenInvite, "": AccountEntry}
    found = sorted(partitions.items_in(models, pks), key=lambda item: str(item.sk))
    entries = [item for item in found if isinstance(item, AccountEntry)]
    return entries, [item for item in found if isinstance(item, OpenInvite)]


def belongings(account_id: str, memberships: Sequence[AccountEntry]) -> Belongings:
    """One call. Of memberships the first 49, of everything up to 1 MB: thousands of courses."""
    own = self_enrollments_pk(account_id)
    pks = [own, *(learner_pk(str(entry.org_id), str(entry.member_id)) for entry in memberships)]
    models = {enrollment_sk(""): Enrollment, CERTIFICATES_PREFIX: Certificate, training_sk(""): Participation}
    found = Belongings()
    for item in partitions.items_in(models, pks):
        if isinstance(item, Certificate):
            found.certificates.append(item)
        elif isinstance(item, Participation):
            found.participations.append(item)
        elif isinstance(item, Enrollment) and "#HISTORY#" not in item.sk:
            found.enrollments.append(item)
    return found


def named(refs: Iterable[Ref[object]]) -> Fetched:  # type: ignore[type-var]
    """What these refer to: one call for up to 100."""
    return table.fetch_mixed(refs, consistent=False)
