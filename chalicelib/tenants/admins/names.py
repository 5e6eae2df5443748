"""Who it was: accounts that did something in an organization, as its admins may know them."""

from collections.abc import Iterable

from chalicelib.aws import table
from chalicelib.core.addresses import shown
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk

NOBODY = "Somebody who is no admin any more"


def names_of(scope: Scope, account_ids: Iterable[str | None]) -> dict[str, str]:
    """By account. The organization's own admins see of their provider's people only that they are that."""
    ids = sorted({one for one in account_ids if one})
    own, providers = admins_pk(org_pk(scope.org)), admins_pk(msp_pk(scope.msp_id))
    found = table.batch_get([(Admin, pk, admin_sk(one)) for one in ids for pk in (own, providers)])
    names = {}
    for one in ids:
        here, there = found.get((own, admin_sk(one))), found.get((providers, admin_sk(one)))
        if one == scope.account_id:
            names[one] = "You"
        elif isinstance(here, Admin):
            names[one] = shown(here.email)
        elif isinstance(there, Admin):
            names[one] = shown(there.email) if scope.is_msp_admin else "Your provider"
        else:
            names[one] = NOBODY
    return names
