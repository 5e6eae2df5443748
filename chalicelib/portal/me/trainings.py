"""A learner's live trainings, and the answers that they give."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, MusterError
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.me import own
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.training.sessions import my_trainings
from chalicelib.training.sessions.my_schemas import MyTraining

pages = Pages(ACCOUNT)

_TRAINING = "/me/trainings/{participation_id}"


@pages.get("/me/trainings")
def trainings(visit: Visit) -> Shown:
    found = own.trainings(visit)
    now = to_text(visit.now)
    facts = {
        "to_come": [one for one in found if one.ends_utc > now],
        "past": [one for one in reversed(found) if one.ends_utc <= now],
    }
    return Shown("me/trainings.html", facts)


@pages.get(_TRAINING)
def training(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_TRAINING + "/accept")
def accept(visit: Visit) -> GoTo | Shown:
    return _answer(visit, my_trainings.confirm)


@pages.post(_TRAINING + "/decline")
def decline(visit: Visit) -> GoTo | Shown:
    return _answer(visit, my_trainings.decline)


@pages.post(_TRAINING + "/maybe")
def maybe(visit: Visit) -> GoTo | Shown:
    return _answer(visit, my_trainings.tentative)


def _answer(visit: Visit, answer: Callable[[str, str, datetime], MyTraining]) -> GoTo | Shown:
    """Another answer takes the place of this one, until the session starts. Giving it again changes nothing."""
    participation_id = visit.params["participation_id"]
    try:
        answer(visit.account_id, participation_id, visit.now)
    except Conflict as error:
        return _page(visit, error)
    return GoTo(f"/me/trainings/{participation_id}?done=answered")


def _page(visit: Visit, error: MusterError | None) -> Shown:
    found = my_trainings.read(visit.account_id, visit.params["participation_id"], visit.now)
    facts = {"training": found, "problem": error, "done": visit.query.one("done")}
    return Shown("me/training.html", facts, error.status if error else 200)
