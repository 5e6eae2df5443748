"""Parts of pages that load themselves anew while something runs, less and less often, and stop."""

from typing import Any

from chalicelib.portal.visit import Visit

# Seconds between two looks: 2 at first, 15 in the end; after 80 looks, some 15 minutes, one asks by oneself.
_FIRST, _LAST, _LOOKS = 2, 15, 80


def live(visit: Visit, is_running: bool) -> dict[str, Any]:
    """Facts for `live.html`. `looks` stands in the address, so that it goes on without scripts and cookies."""
    told = visit.query.one("looks")
    looks = min(int(told), _LOOKS) if told.isdecimal() and len(told) < 4 else 0
    wait = min(_FIRST + looks // 5, _LAST)
    return {"is_running": is_running, "is_tired": looks >= _LOOKS, "looks": looks + 1, "wait": wait}
