"""The private address of a learner's calendar."""

from chalicelib.core.lazy import BaseModel
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.training.sessions.calendars import feed
from chalicelib.web.idempotency import idempotent

pages = Pages(ACCOUNT)


class _Made(BaseModel):
    """Without the address: what is remembered of a request is no place for it."""

    is_first: bool


@pages.get("/me/calendar")
def calendar(visit: Visit) -> Shown:
    facts = {"address": feed.address(visit.account_id), "done": visit.query.one("done")}
    return Shown("me/calendar.html", facts)


@pages.get("/me/calendar/renew")
def ask_renew(visit: Visit) -> Shown:
    return Shown("me/calendar_renew.html")


@pages.post("/me/calendar/renew")
def renew(visit: Visit) -> GoTo:
    """The first address, or another one, which ends the one before."""

    def action(seed: str) -> _Made:
        is_first = feed.address(visit.account_id) is None
        feed.renew(visit.account_id, seed, visit.now)
        return _Made(is_first=is_first)

    made = idempotent(visit.call(), _Made, action)
    return GoTo(f"/me/calendar?done={'made' if made.is_first else 'renewed'}")
