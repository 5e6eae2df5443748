"""What a draft has chosen, by its names: sessions, and which of them are at the same time."""

from collections.abc import Iterable

from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions import sessions, store
from chalicelib.training.sessions.enrolling import overlaps
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from chalicelib.training.sessions.enrolling.enroll_schemas import EnrollResultOut, OverlapWarning
from chalicelib.training.sessions.schemas import SessionOut


def chosen(scope: Scope, form: EnrollDraftForm) -> tuple[list[tuple[str, SessionOut]], list[OverlapWarning]]:
    """Titles and sessions of what was chosen and is still there, and which of them are at the same time."""
    pairs = list(form.sessions.items())
    if not pairs:
        return [], []
    found = store.sessions_by_id(scope.org, pairs)
    trainings = store.trainings_by_id(scope.org, [training_id for training_id, _ in pairs])
    there = [found[session_id] for training_id, session_id in pairs if session_id in found and training_id in trainings]
    named = [(str(trainings[one.training_id].title), sessions.out(scope, one)) for one in there]
    return named, overlaps.among(there, trainings)


def named(scope: Scope, results: Iterable[EnrollResultOut]) -> tuple[dict[str, str], dict[str, SessionOut]]:
    """Titles and sessions, by their ids, of what results are about."""
    pairs = sorted({(one.training_id, one.session_id) for one in results})
    if not pairs:
        return {}, {}
    trainings = store.trainings_by_id(scope.org, {training_id for training_id, _ in pairs})
    found = store.sessions_by_id(scope.org, pairs, consistent=False)
    titles = {one: str(training.title) for one, training in trainings.items()}
    return titles, {one: sessions.out(scope, session) for one, session in found.items()}
