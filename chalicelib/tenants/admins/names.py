"""Who it was: accounts that did something in an organization, as its admins may know them."""

from collections.abc import Iterable

from chalicelib.core.addresses import shown
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.admins import store

# A former admin, or a learner who answered for themselves.
NOBODY = "someone who is no longer an admin"
# Of entries that no account wrote: the actors that rooms above, and the command for a first admin, name.
NO_ACCOUNT = {"join-page": "the join page", "command": "your provider"}


def names_of(scope: Scope, account_ids: Iterable[str | None]) -> dict[str, str]:
    """By account. The organization's own admins see of their provider's people only that they are that."""
    given = {one for one in account_ids if one}
    names = {one: name for one, name in NO_ACCOUNT.items() if one in given}
    ids = sorted(given - names.keys())
    own, providers = store.admins_by_id(ids, org_pk(scope.org), msp_pk(scope.msp_id))
    for one in ids:
        if one == scope.account_id:
            names[one] = "you"
        elif one in own:
            names[one] = shown(own[one].email)
        elif one in providers:
            names[one] = shown(providers[one].email) if scope.is_msp_admin else "your provider"
        else:
            names[one] = NOBODY
    return names
