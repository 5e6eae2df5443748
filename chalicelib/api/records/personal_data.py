"""HTTP: what is stored about a person, handed out and erased."""

from chalicelib.core.errors import NotFound
from chalicelib.people.members.changes import member_of
from chalicelib.reporting.exports.schemas import ExportOut, Selection
from chalicelib.reporting.exports.states import ExportKind
from chalicelib.reporting.personal_data.schemas import AccountErasureOut, ErasureOut
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.routing import Call, Empty, Routes

# What only these routes need is imported by them: it would cost every cold start.
routes = Routes("Personal data", __name__, needs=Permission.MEMBERS)

_MEMBER = "/orgs/{org_id}/members/{member_id}"


@routes.add(
    "POST", _MEMBER + "/erase", summary="Erase a member's personal data", answer=ErasureOut, status=202, idempotent=True
)  # fmt: skip
def erase_member(call: Call[Empty, Empty]) -> ErasureOut:
    """Name, address, log-in and profile go, for good; what is counted stays counted. Who is active is archived with it.

    The person's account goes too, unless another organization holds it, or it has courses of its own.
    """
    from chalicelib.reporting.personal_data import erase

    scope = access.org(call.account_id, call.params["org_id"], call.needs)
    return idempotent(call, ErasureOut, lambda seed: erase.erase(scope, call.params["member_id"], seed, call.now))


@routes.add(
    "POST", _MEMBER + "/data", summary="Export what is stored about a member", answer=ExportOut, status=202,
    idempotent=True,
)  # fmt: skip
def export_member(call: Call[Empty, Empty]) -> ExportOut:
    """A ZIP of JSON and CSV for the person. Poll the organization's export; only who asked for it gets the file."""
    from chalicelib.reporting.exports import service as exports

    scope = access.org(call.account_id, call.params["org_id"], call.needs)
    member_of(scope.org, call.params["member_id"])
    selection = Selection(kind=ExportKind.MEMBER, **call.params)
    return idempotent(call, ExportOut, lambda seed: exports.start(scope, selection, seed, call.now))


@routes.add(
    "POST", "/me/data", summary="Export what is stored about me", answer=ExportOut, status=202, idempotent=True,
    needs="", tag="Own account",
)  # fmt: skip
def export_me(call: Call[Empty, Empty]) -> ExportOut:
    """A ZIP of JSON and CSV, over all organizations. Ask for it here, then get it with `GET /me/data`."""
    from chalicelib.reporting.exports import own

    return idempotent(call, ExportOut, lambda seed: own.start(call.account_id, seed, call.now))


@routes.add(
    "GET", "/me/data", summary="What is stored about me, as an export", answer=ExportOut, needs="", tag="Own account"
)
def find_my_data(call: Call[Empty, Empty]) -> ExportOut:
    """The export asked for last. `url` can be followed for 15 minutes; ask again for another."""
    from chalicelib.reporting.exports import own

    found = own.latest(call.account_id, call.now)
    if found is None:
        raise NotFound("Ask for your data first.")
    return found


@routes.add(
    "POST", "/me/erase", summary="Erase my account", answer=AccountErasureOut, status=202, idempotent=True,
    needs="", tag="Own account",
)  # fmt: skip
def erase_me(call: Call[Empty, Empty]) -> AccountErasureOut:
    """At every organization, and then the account itself, for good. Admins have to give up their roles first."""
    from chalicelib.reporting.personal_data import erase

    return idempotent(call, AccountErasureOut, lambda seed: erase.erase_account(call.account_id, seed, call.now))
