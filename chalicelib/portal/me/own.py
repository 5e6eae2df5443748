"""What the pages of a learner share: lists of their own, read to the end."""

from itertools import islice

from chalicelib.portal.visit import Visit
from chalicelib.training.batches.states import LIVE
from chalicelib.training.certificates import my_certificates
from chalicelib.training.certificates.schemas import CertificateOut
from chalicelib.training.progress.schemas import EnrollmentOut
from chalicelib.training.self_enrollment import my_courses
from chalicelib.training.sessions import my_trainings
from chalicelib.training.sessions.my_schemas import MyTraining
from chalicelib.web.paging import MAX_LIMIT, every_item

# More than anybody has.
_MOST = 1_000


def courses(visit: Visit) -> list[EnrollmentOut]:
    """Without what was withdrawn: open ones by their due dates, then completed ones, the newest first."""
    found: list[EnrollmentOut] = []
    position: str | None = None
    while len(found) < _MOST:
        items, position = my_courses.page(visit.account_id, MAX_LIMIT, position, visit.now)
        found += items
        if position is None:
            break
    current = [one for one in found if not one.earlier]
    still_open = sorted(
        (one for one in current if one.status in LIVE), key=lambda one: (str(one.due_by or "~"), one.enrolled_at)
    )
    done = sorted((one for one in current if one.completed_at), key=lambda one: str(one.completed_at), reverse=True)
    return still_open + [one for one in done if one.status not in LIVE]


def trainings(visit: Visit) -> list[MyTraining]:
    """By their start."""
    found = list(islice(every_item(lambda pager: my_trainings.page(visit.account_id, pager, visit.now)), _MOST))
    return sorted(found, key=lambda one: (one.starts_utc, one.participation_id))


def certificates(visit: Visit) -> list[CertificateOut]:
    """Newest first."""
    found = islice(every_item(lambda pager: my_certificates.page(visit.account_id, pager, visit.now)), _MOST)
    return sorted(found, key=lambda one: (one.issued_on, one.certificate_id), reverse=True)


def names(visit: Visit) -> dict[str, str]:
    """Of the organizations that the person belongs to."""
    return {one.org_id: one.name for one in visit.me.memberships}


def account_name(visit: Visit) -> str:
    """As a certificate of a course on one's own account has it."""
    session = visit.session
    if session is None:
        return ""
    return " ".join(filter(None, (session.first_name, session.last_name))) or session.email or ""
