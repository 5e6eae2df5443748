"""People who were picked one by one."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.people.members import store
from chalicelib.people.members.schemas import MemberOut
from chalicelib.people.members.service import members_out
from chalicelib.people.search.criteria import below
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.structure import store as structure_store


def picked(scope: Scope, member_ids: Iterable[str], now: datetime) -> list[MemberOut]:
    """Those of these whom the caller reaches, in the order given. Others are left out, whoever they are."""
    ids = list(dict.fromkeys(member_ids))
    found = store.members_by_id(scope.org, ids)
    reached = [found[one] for one in ids if one in found]
    if scope.department_ids is not None:
        departments = below(scope.department_ids, structure_store.departments(scope.org))
        reached = [one for one in reached if one.department_id in departments]
    return members_out(reached, now)
