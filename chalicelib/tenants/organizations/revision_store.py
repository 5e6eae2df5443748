"""Revision numbers of an organization: one for each kind of data that a reviewed plan depends on."""

from typing import Literal

from chalicelib.aws.table import Write
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import REVISIONS_SK, Revisions

Kind = Literal["people", "access", "completions"]


def bump_revision(org_id: str, kind: Kind) -> Write:
    """For the transaction that changes data of this kind."""
    return Write("update", Revisions(org_pk(org_id), REVISIONS_SK), None, (getattr(Revisions, kind).add(1),))
