"""HTTP: the private calendar feed of an account, and its address."""

from chalice.app import Response

from chalicelib.core.lazy import BaseModel
from chalicelib.training.sessions.calendars import feed
from chalicelib.web.idempotency import idempotent
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)

_CALENDAR = "text/calendar"


class FeedAddress(BaseModel):
    """Null before the first one was made. Whoever knows the address reads the calendar."""

    address: str | None


@routes.add("GET", "/me/calendar", summary="The address of my calendar feed", answer=FeedAddress)
def my_calendar(call: Call[Empty, Empty]) -> FeedAddress:
    return FeedAddress(address=feed.address(call.account_id))


@routes.add(
    "POST", "/me/calendar", summary="Get a new address for my calendar feed", answer=FeedAddress, idempotent=True
)
def renew_calendar(call: Call[Empty, Empty]) -> FeedAddress:
    """The old address dies."""
    return idempotent(call, FeedAddress, lambda seed: FeedAddress(address=feed.renew(call.account_id, seed, call.now)))


@routes.add("GET", "/calendar/{token}", summary="A calendar feed", answer=None, public=True, content_type=_CALENDAR)
def read_calendar(call: Call[Empty, Empty]) -> Response:
    """Sessions to come, and past and cancelled ones of the last 30 days. With an ETag: 304 while nothing changed."""
    text, etag = feed.calendar_of(call.params["token"], call.now)
    headers: dict[str, str | list[str]] = {
        "ETag": etag, "Cache-Control": "private, max-age=0, must-revalidate", "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }  # fmt: skip
    known = {one.strip().removeprefix("W/") for one in call.if_none_match.split(",")}
    if etag in known or "*" in known:
        return Response("", headers, 304)
    return Response(text, {**headers, "Content-Type": "text/calendar; charset=utf-8"})
