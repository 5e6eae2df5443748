"""What a reviewed plan depends on: a number for each kind of fact, which every change of such facts raises."""

from typing import Literal

from chalicelib.aws.table import Write
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import REVISIONS_SK, Revisions

Kind = Literal["people", "enrollments", "access", "completions"]


def bump_revision(org_id: str, kind: Kind) -> Write:
    """For the transaction that changes such facts of the organization."""
    return Write("update", Revisions(org_pk(org_id), REVISIONS_SK), None, (getattr(Revisions, kind).add(1),))
