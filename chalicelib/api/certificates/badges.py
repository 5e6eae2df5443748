"""HTTP: the badge of a certificate, and what anybody needs to verify it."""

import json

from chalice.app import Response

from chalicelib.training.certificates.badges.schemas import BadgeOut
from chalicelib.training.certificates.badges.states import BadgeStatus
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Certificates", __name__)

_CREDENTIAL = "application/vc+jwt"

# Programs ask for these again and again, and what changes may be seen a little later: docs/badges.md says so.
_SECONDS_KEPT = 300


@routes.add("GET", "/me/certificates/{certificate_id}/badge", summary="A certificate as Open Badge", answer=BadgeOut)
def certificate_badge(call: Call[Empty, Empty]) -> BadgeOut | Response:
    """The signed credential (Open Badges 3.0), and its public address. 202 while it is being made: ask again soon."""
    from chalicelib.training.certificates.badges import badges

    found = badges.ask(call.account_id, call.params["certificate_id"], call.now)
    if found.status == BadgeStatus.READY:
        return found
    headers: dict[str, str | list[str]] = {
        "Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
        "Retry-After": "2",
    }  # fmt: skip
    return Response(found.model_dump_json(), headers, 202)


@routes.add("GET", "/certificates/{number}/badge", summary="An Open Badge", answer=None, public=True, content_type=_CREDENTIAL)  # fmt: skip  # noqa: E501
def badge(call: Call[Empty, Empty]) -> Response:
    """The credential, once the holder has asked for it; 404 from when it is revoked, replaced or erased."""
    from chalicelib.training.certificates.badges import badges

    number = call.params["number"]
    saved_as = {"Content-Disposition": f'attachment; filename="badge-{number}.jwt"'}
    return _public(badges.public(number), _CREDENTIAL, {**saved_as, "Cache-Control": "no-store"})


@routes.add("GET", "/badges/{issuer_id}/did.json", summary="The keys that signed an issuer's badges", answer=None, public=True, content_type="application/did+json")  # fmt: skip  # noqa: E501
def did_document(call: Call[Empty, Empty]) -> Response:
    """The DID document of an organization that issued badges, or of an MSP (did:web)."""
    from chalicelib.training.certificates.badges import did

    return _public(json.dumps(did.document(call.params["issuer_id"])), "application/did+json")


@routes.add("GET", "/badges/{issuer_id}/status/{list_number}", summary="Which badges were revoked", answer=None, public=True, content_type=_CREDENTIAL)  # fmt: skip  # noqa: E501
def status_list(call: Call[Empty, Empty]) -> Response:
    """A signed list of bits, one for each badge, which tells of nobody whose it is (Bitstring Status List)."""
    from chalicelib.training.certificates.badges import status_lists

    return _public(status_lists.published(call.params["issuer_id"], call.params["list_number"]), _CREDENTIAL)


def _public(text: str, content_type: str, more: dict[str, str] | None = None) -> Response:
    """For programs of any origin: nothing here depends on who asks."""
    headers: dict[str, str | list[str]] = {
        "Content-Type": content_type, "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
        "Access-Control-Allow-Origin": "*", "Cache-Control": f"public, max-age={_SECONDS_KEPT}", **(more or {}),
    }  # fmt: skip
    return Response(text, headers)
