"""HTTP: the sessions of a live training."""

from chalicelib.api.live_trainings.trainings import READS, manager, reader
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import sessions
from chalicelib.training.sessions.schemas import CancelForm, SessionForm, SessionOut, SessionPage, SessionPatch
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Live trainings", __name__, needs=Permission.TRAININGS)

_SESSIONS = "/orgs/{org_id}/trainings/{training_id}/sessions"
_SESSION = _SESSIONS + "/{session_id}"


@routes.add("GET", _SESSIONS, summary="Sessions of a live training", answer=SessionPage, query=PageQuery, **READS)
def list_sessions(call: Call[Empty, PageQuery]) -> SessionPage:
    """In the order in which they were made, cancelled ones too."""
    return sessions.page(reader(call), call.params["training_id"], Pager.of(call))


@routes.add("POST", _SESSIONS, summary="Create a session", body=SessionForm, answer=SessionOut, status=201, idempotent=True)  # fmt: skip  # noqa: E501
def create_session(call: Call[SessionForm, Empty]) -> SessionOut:
    """A local time that the clocks leave out means the next that exists; one that exists twice means the first."""
    scope, training_id = manager(call), call.params["training_id"]
    return idempotent(call, SessionOut, lambda seed: sessions.create(scope, training_id, call.body, seed, call.now))


@routes.add("GET", _SESSION, summary="A session", answer=SessionOut, **READS)
def read_session(call: Call[Empty, Empty]) -> SessionOut:
    scope = reader(call)
    return sessions.out(scope, sessions.session_of(scope.org, call.params["training_id"], call.params["session_id"]))


@routes.add("PATCH", _SESSION, summary="Change a session", body=SessionPatch, answer=SessionOut)
def change_session(call: Call[SessionPatch, Empty]) -> SessionOut:
    """Another time, place, link or instructor raises the sequence and is told, unless `notify` is false."""
    scope = manager(call)
    return sessions.change(scope, call.params["training_id"], call.params["session_id"], call.body, call.now)


@routes.add(
    "POST", _SESSION + "/cancel", summary="Cancel a session", body=CancelForm, answer=SessionOut, idempotent=True
)
def cancel_session(call: Call[CancelForm, Empty]) -> SessionOut:
    """Its people get the cancellation. The session, and who was in it, stay on record."""
    scope, training_id, session_id = manager(call), call.params["training_id"], call.params["session_id"]
    return idempotent(
        call, SessionOut, lambda _: sessions.cancel(scope, training_id, session_id, call.body.reason, call.now)
    )
