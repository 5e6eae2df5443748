"""Where one is logged in, and logging out there or everywhere."""

import re

from chalicelib.portal.answer import GoTo, Shown, ended_session
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.web.sessions import service as sessions

pages = Pages(ACCOUNT)

# Names by which people know them, in the order in which they have to be looked for: each also claims to be later ones.
_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip
_SESSION_ID = re.compile(r"[0-9a-f]{64}")


@pages.get("/account/devices")
def devices(visit: Visit) -> Shown:
    current = visit.session.session_id if visit.session is not None else ""
    items = [
        {
            "session_id": session.session_id,
            "browser": _named(session.device, _BROWSERS),
            "system": _named(session.device, _SYSTEMS),
            "seen": sessions.instant_of(session.seen),
            "created": sessions.instant_of(session.created),
            "is_this": session.session_id == current,
        }
        for session in sessions.devices(visit.account_id, visit.now, current)
    ]
    return Shown("doors/devices.html", {"items": items, "done": visit.query.one("done") == "out"})


@pages.post("/account/devices/out")
def log_out_one(visit: Visit) -> GoTo:
    session_id = visit.form.one("session_id")
    if _SESSION_ID.fullmatch(session_id):
        sessions.end_device(visit.account_id, session_id)
    return GoTo("/account/devices?done=out")


@pages.post("/account/devices/everywhere")
def log_out_everywhere(visit: Visit) -> GoTo:
    sessions.end_all(visit.account_id, visit.now)
    return GoTo("/login?why=everywhere", (ended_session(visit.cookies),))


def _named(device: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in names if mark in device), "")
