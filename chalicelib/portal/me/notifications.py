"""A learner's notifications."""

from chalicelib.notifications import notices
from chalicelib.notifications.notice_schemas import NoticeIds
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.paging import PageQuery
from chalicelib.web.schemas import Form

pages = Pages(ACCOUNT)


class _Query(PageQuery):
    unread: bool = False


class _Mark(Form):
    ids: NoticeIds


@pages.get("/me/notifications")
def notifications(visit: Visit) -> Shown:
    query = _Query(unread=visit.query.one("unread") == "yes")
    pager = visit.pager(query)
    num_unread, items, position = notices.page(visit.account_id, query.unread, pager.limit, pager.position)
    facts = {
        "num_unread": num_unread,
        "notices": items,
        "next_cursor": pager.cursor(position),
        "unread": query.unread,
        "is_first": not visit.query.one("cursor"),
    }
    return Shown("me/notifications.html", facts)


@pages.post("/me/notifications/read")
def mark_read(visit: Visit) -> GoTo:
    """One, or all. Marking again changes nothing."""
    ids = visit.form.many("notification_id")
    form = visit.read(_Mark, {"ids": ids or "all"})
    notices.mark_read(visit.account_id, form.ids, visit.now)
    return GoTo("/me/notifications")
