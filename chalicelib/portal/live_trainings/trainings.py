"""The list of trainings, a training with its sessions, making and changing one."""

from typing import Any

from chalicelib.core.errors import Conflict, FieldError, Invalid, MusterError
from chalicelib.core.text import searchable
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live_trainings.common import (
    TRAINING,
    TRAININGS,
    common,
    flag,
    manager,
    sessions_of,
    training_of,
    training_path,
)
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import trainings
from chalicelib.training.sessions.schemas import TrainingForm, TrainingOut, TrainingPatch, TrainingQuery
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.TRAINING_READ)


@pages.get(TRAININGS)
def training_list(visit: Visit) -> Shown:
    search, archived = visit.query.one("search")[:200], visit.query.one("archived") == "yes"
    query = TrainingQuery(search=search or None, archived=archived)
    facts = {
        "shown": trainings.page(visit.org_scope, query, visit.pager(query), visit.now),
        "search": search,
        "archived": archived,
        "is_first": not visit.query.one("cursor"),
        "done": visit.query.one("done"),
    }
    return Shown("trainings/trainings.html", {**common(visit), **facts})


@pages.get(TRAININGS + "/new", needs=Permission.TRAININGS)
def show_new(visit: Visit) -> Shown:
    manager(visit)
    return _new_form(visit, None)


@pages.post(TRAININGS + "/new", needs=Permission.TRAININGS)
def create(visit: Visit) -> GoTo | Shown:
    """Two of one title are meant now and then; mostly somebody went back to the form and pressed again."""
    scope = manager(visit)

    def create_once(seed: str) -> TrainingOut:
        if not flag(visit, "same_title"):
            _refuse_same_title(visit, form.title, seed)
        return trainings.create(scope, form, seed, visit.now)

    try:
        form = visit.read(TrainingForm, _typed(visit))
        made = idempotent(visit.call(), TrainingOut, create_once)
    except (Invalid, Conflict) as error:
        return _new_form(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/trainings/{made.training_id}", done="created"))


@pages.get(TRAINING)
def training(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.get(TRAINING + "/edit", needs=Permission.TRAININGS)
def show_edit(visit: Visit) -> Shown:
    manager(visit)
    return _edit_form(visit, None)


@pages.post(TRAINING + "/edit", needs=Permission.TRAININGS)
def change(visit: Visit) -> GoTo | Shown:
    scope = manager(visit)
    try:
        patch = visit.read(TrainingPatch, {**_typed(visit), "notify": flag(visit, "notify")})
        trainings.change(scope, visit.params["training_id"], patch, visit.now)
    except (Invalid, Conflict) as error:
        return _edit_form(visit, error)
    return GoTo(visit.address(training_path(visit), done="saved"))


@pages.get(TRAINING + "/archive", needs=Permission.TRAININGS)
def ask_archive(visit: Visit) -> Shown:
    manager(visit)
    return Shown("trainings/archive.html", {"training": training_of(visit)})


@pages.post(TRAINING + "/archive", needs=Permission.TRAININGS)
def archive(visit: Visit) -> GoTo | Shown:
    """Archiving again changes nothing."""
    try:
        trainings.archive(manager(visit), visit.params["training_id"], visit.now)
    except Conflict as error:
        return _page(visit, error)
    return GoTo(visit.address(training_path(visit), done="archived"))


def _refuse_same_title(visit: Visit, title: str, seed: str) -> None:
    """Raises Conflict for one that is among the newest trainings already. `seed` is the id of the one to be made."""
    newest = trainings.page(visit.org_scope, TrainingQuery(), visit.pager(), visit.now).items
    if any(searchable(one.title) == searchable(title) and one.training_id != seed for one in newest):
        problem = f"There is already a training named {title}. If you want another one with this title, confirm that."
        raise Conflict("title_taken", problem, [FieldError("title", "title_taken", problem)])


def _typed(visit: Visit) -> dict[str, Any]:
    return {
        "title": visit.form.one("title").strip(),
        "description": visit.form.one("description").replace("\r\n", "\n").strip(),
        "certificate": flag(visit, "certificate"),
    }


def _new_form(visit: Visit, error: MusterError | None) -> Shown:
    facts = {"given": _typed(visit), "problem": error, "training": None}
    return Shown("trainings/edit.html", facts, error.status if error else 200)


def _edit_form(visit: Visit, error: MusterError | None) -> Shown:
    found = training_of(visit)
    given = _typed(visit) if error else {name: getattr(found, name) for name in ("title", "description", "certificate")}
    return Shown(
        "trainings/edit.html", {"given": given, "problem": error, "training": found}, error.status if error else 200
    )


def _page(visit: Visit, error: MusterError | None) -> Shown:
    found = training_of(visit)
    every = sessions_of(visit, found.training_id)
    facts = {
        "training": found,
        "sessions": [one for one in every if one.status == "open"],
        "cancelled": [one for one in every if one.status != "open"],
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("trainings/training.html", {**common(visit), **facts}, error.status if error else 200)
