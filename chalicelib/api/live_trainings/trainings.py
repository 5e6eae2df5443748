"""HTTP: live trainings, and enrolling people in them."""

from typing import Any

from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import trainings
from chalicelib.training.sessions.enrolling import enroll, enroll_results
from chalicelib.training.sessions.enrolling.enroll_schemas import EnrollForm, EnrollOut, EnrollStarted
from chalicelib.training.sessions.schemas import TrainingForm, TrainingOut, TrainingPage, TrainingPatch, TrainingQuery
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Live trainings", __name__, needs=Permission.TRAININGS)

# What names nobody may be seen by who looks after some departments.
READS: dict[str, Any] = {"needs": Permission.TRAINING_READ, "limited": True}

_TRAININGS = "/orgs/{org_id}/trainings"
_TRAINING = _TRAININGS + "/{training_id}"


@routes.add("GET", _TRAININGS, summary="Live trainings", answer=TrainingPage, query=TrainingQuery, **READS)  # fmt: skip
def list_trainings(call: Call[Empty, TrainingQuery]) -> TrainingPage:
    """Newest first, without archived ones unless they are asked for."""
    return trainings.page(reader(call), call.query, Pager.of(call), call.now)


@routes.add("POST", _TRAININGS, summary="Create a live training", body=TrainingForm, answer=TrainingOut, status=201, idempotent=True)  # fmt: skip  # noqa: E501
def create_training(call: Call[TrainingForm, Empty]) -> TrainingOut:
    scope = manager(call)
    return idempotent(call, TrainingOut, lambda seed: trainings.create(scope, call.body, seed, call.now))


@routes.add("GET", _TRAINING, summary="A live training", answer=TrainingOut, **READS)
def read_training(call: Call[Empty, Empty]) -> TrainingOut:
    return trainings.read(reader(call), call.params["training_id"], call.now)


@routes.add("PATCH", _TRAINING, summary="Change a live training", body=TrainingPatch, answer=TrainingOut)
def change_training(call: Call[TrainingPatch, Empty]) -> TrainingOut:
    """Another title is told to the people of sessions to come, unless `notify` is false."""
    return trainings.change(manager(call), call.params["training_id"], call.body, call.now)


@routes.add("POST", _TRAINING + "/archive", summary="Archive a live training", answer=TrainingOut, idempotent=True)
def archive_training(call: Call[Empty, Empty]) -> TrainingOut:
    """It takes no more sessions and people; its records stay."""
    scope = manager(call)
    return idempotent(call, TrainingOut, lambda _: trainings.archive(scope, call.params["training_id"], call.now))


@routes.add(
    "POST", _TRAININGS + "/enroll", summary="Enroll people in live trainings", body=EnrollForm, answer=EnrollStarted,
    status=202, idempotent=True, limited=True,
)  # fmt: skip
def enroll_people(call: Call[EnrollForm, Empty]) -> EnrollStarted:
    """In the background, with a result for each person and training. Admins of departments enroll their people."""
    scope = access.org_or_departments(call.account_id, call.params["org_id"], Permission.TRAININGS)
    return idempotent(call, EnrollStarted, lambda seed: enroll.enroll(scope, call.body, seed, call.now))


@routes.add(
    "GET", _TRAININGS + "/enroll/{enroll_id}", summary="What became of each person", answer=EnrollOut, query=PageQuery,
    limited=True,
)  # fmt: skip
def show_enroll_results(call: Call[Empty, PageQuery]) -> EnrollOut:
    """Results so far, in the order of the people; `status` is `done` once everybody has one.

    Admins of departments find their own enrollments.
    """
    scope = access.org_or_departments(call.account_id, call.params["org_id"], Permission.TRAININGS)
    return enroll_results.page(scope, call.params["enroll_id"], Pager.of(call))


def manager(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], Permission.TRAININGS)


def reader(call: Call[Any, Any]) -> Scope:
    """Trainings and their sessions name nobody: who looks after some departments may see them all."""
    return access.org_or_departments(call.account_id, call.params["org_id"], Permission.TRAINING_READ)
