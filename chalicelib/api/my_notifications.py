"""HTTP: the notifications in the caller's account."""

from chalicelib.notifications import notices
from chalicelib.notifications.notice_schemas import NoticeIds, NoticePage, NumUnread
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes
from chalicelib.web.schemas import Form

routes = Routes("Own account", __name__)


class NoticesQuery(PageQuery):
    unread: bool = False


class MarkForm(Form):
    ids: NoticeIds


@routes.add("GET", "/me/notifications", summary="My notifications", answer=NoticePage, query=NoticesQuery)
def list_notifications(call: Call[Empty, NoticesQuery]) -> NoticePage:
    """Newest first; with `unread`, those that I have not read."""
    pager = Pager.of(call)
    num_unread, items, position = notices.page(call.account_id, call.query.unread, pager.limit, pager.position)
    return NoticePage(num_unread=num_unread, items=items, next_cursor=pager.cursor(position))


@routes.add("POST", "/me/notifications/read", summary="Mark notifications as read", body=MarkForm, answer=NumUnread)
def mark_notifications(call: Call[MarkForm, Empty]) -> NumUnread:
    return NumUnread(num_unread=notices.mark_read(call.account_id, call.body.ids, call.now))
