"""What the pages of live trainings share."""

from typing import Any

from chalicelib.portal.orgs.choices import every
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import sessions, trainings
from chalicelib.training.sessions.schemas import SessionOut, TrainingOut

TRAININGS = "/orgs/{org_id}/trainings"
TRAINING = TRAININGS + "/{training_id}"
SESSION = TRAINING + "/sessions/{session_id}"


def manager(visit: Visit) -> Scope:
    """Trainings and sessions concern the whole organization. Raises Forbidden for who is limited to departments."""
    return access.org(visit.account_id, visit.org_id, Permission.TRAININGS)


def may_manage(scope: Scope) -> bool:
    return Permission.TRAININGS in scope.permissions and scope.department_ids is None


def training_of(visit: Visit) -> TrainingOut:
    """Raises NotFound."""
    return trainings.read(visit.org_scope, visit.params["training_id"], visit.now)


def session_of(visit: Visit) -> SessionOut:
    """Raises NotFound."""
    found = sessions.session_of(visit.org_id, visit.params["training_id"], visit.params["session_id"])
    return sessions.out(visit.org_scope, found)


def sessions_of(visit: Visit, training_id: str) -> list[SessionOut]:
    """By their start, cancelled ones too."""
    found: list[SessionOut] = every(lambda pager: sessions.page(visit.org_scope, training_id, pager))
    return sorted(found, key=lambda one: (one.starts_utc, one.session_id))


def to_come(visit: Visit, found: list[SessionOut]) -> list[SessionOut]:
    """Those that still take people."""
    now = f"{visit.now:%Y-%m-%dT%H:%M:%S}"
    return [one for one in found if one.status == "open" and one.starts_utc > now]


def training_path(visit: Visit, *more: str) -> str:
    return "/".join([f"/orgs/{visit.org_id}/trainings/{visit.params['training_id']}", *more])


def number_or_text(text: str) -> int | str | None:
    """A number as it was typed; what is none is refused by the form's own rules, in their words."""
    typed = text.strip()
    return int(typed) if typed.isdecimal() and len(typed) < 9 else typed or None


def flag(visit: Visit, name: str) -> bool:
    return visit.form.one(name) == "yes"


def common(visit: Visit) -> dict[str, Any]:
    scope = visit.org_scope
    return {
        "may_manage": may_manage(scope),
        "may_enroll": Permission.TRAININGS in scope.permissions,
        "may_enter": Permission.RESULTS in scope.permissions,
        "is_limited": scope.department_ids is not None,
    }
