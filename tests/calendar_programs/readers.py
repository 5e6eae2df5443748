"""A calendar file as five parsers read it: each gives the same plain values, or the test fails.

icalendar is the one that Muster writes with. vobject and ical (Home Assistant) come from PyPI; ical.js (Thunderbird)
from npm; libical (Evolution, KDE) from Debian. The last two run in processes of their own, many files at once.
"""

import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream

from infra.dynamodb_local import NotAvailableError, npm_package
from infra.packaging import ROOT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import vobject

# An event as plain values: texts, instants as `20270201T080000Z`, attendees as lists.
Event = dict[str, Any]

_ICAL_JS = "ical.js@2.2.1"
_DEBIANS_PYTHON = Path("/usr/bin/python3")
_HERE = Path(__file__).parent


def by_icalendar(text: str) -> list[Event]:
    calendar = icalendar.Calendar.from_ical(text)
    return [
        {
            **{name.lower(): str(event[name]) for name in ("UID", "SUMMARY", "STATUS")},
            "method": str(calendar["METHOD"]),
            "sequence": int(event["SEQUENCE"]),
            "start": _instant(event["DTSTART"].dt),
            "end": _instant(event["DTEND"].dt),
            "location": str(event.get("LOCATION", "")),
            "description": str(event.get("DESCRIPTION", "")),
            "organizer": str(event["ORGANIZER"]),
            "attendees": [
                [str(one), str(one.params["CN"]), str(one.params["PARTSTAT"]), str(one.params["RSVP"])]
                for one in _listed(event.get("ATTENDEE"))
            ],
        }
        for event in calendar.walk("VEVENT")
    ]


def by_vobject(text: str) -> list[Event]:
    calendar = vobject.readOne(text)
    return [
        {
            **{name: getattr(event, name).value for name in ("uid", "summary", "status")},
            "method": calendar.method.value,
            "sequence": int(event.sequence.value),
            "start": _instant(event.dtstart.value),
            "end": _instant(event.dtend.value),
            "location": event.location.value if hasattr(event, "location") else "",
            "description": event.description.value if hasattr(event, "description") else "",
            "organizer": event.organizer.value,
            "attendees": [
                [one.value, one.params["CN"][0], one.params["PARTSTAT"][0], one.params["RSVP"][0]]
                for one in getattr(event, "attendee_list", [])
            ],
        }
        for event in getattr(calendar, "vevent_list", [])
    ]


def by_ical(text: str) -> list[Event]:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    return [
        {
            "uid": event.uid,
            "summary": event.summary,
            "status": _value(event.status),
            "method": _value(calendar.method),
            "sequence": event.sequence,
            "start": _instant(event.dtstart),
            "end": _instant(event.dtend),
            "location": event.location or "",
            "description": event.description or "",
            "organizer": str(event.organizer.uri) if event.organizer else "",
            "attendees": [
                [str(one.uri), one.common_name, _value(one.status), str(one.rsvp).upper()] for one in event.attendees
            ],
        }
        for event in calendar.events
    ]


def by_ical_js(texts: Sequence[str]) -> list[list[Event]]:
    """Skips the test without node, but for continuous integration."""
    node = shutil.which("node")
    if node is None:
        _missing("needs node, which is not on the PATH")
    return _asked([str(node), str(_HERE / "ical_js.mjs"), str(_ical_js() / "ical.js")], texts)


def by_libical(texts: Sequence[str]) -> list[list[Event]]:
    """Skips the test without Debian's libical, but for continuous integration, which installs it."""
    if not _has_libical():
        _missing("needs libical for Debian's Python (apt-get install python3-gi gir1.2-ical-3.0)")
    return _asked([str(_DEBIANS_PYTHON), str(_HERE / "libical.py")], texts)


def _each(read: Callable[[str], list[Event]]) -> Callable[[Sequence[str]], list[list[Event]]]:
    return lambda texts: [read(text) for text in texts]


READERS: dict[str, Callable[[Sequence[str]], list[list[Event]]]] = {
    "icalendar": _each(by_icalendar),
    "vobject": _each(by_vobject),
    "ical": _each(by_ical),
    "ical.js": by_ical_js,
    "libical": by_libical,
}


def _asked(command: Sequence[str], texts: Sequence[str]) -> list[list[Event]]:
    done = subprocess.run(command, input=json.dumps(list(texts)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@lru_cache(maxsize=1)
def _ical_js() -> Path:
    try:
        return npm_package((ROOT / ".muster" / "npm").resolve(), _ICAL_JS, "package/dist")
    except NotAvailableError as error:
        _missing(str(error))
        raise


@lru_cache(maxsize=1)
def _has_libical() -> bool:
    if not _DEBIANS_PYTHON.exists():
        return False
    code = "import gi; gi.require_version('ICalGLib', '3.0')"
    return subprocess.run([str(_DEBIANS_PYTHON), "-c", code], capture_output=True, check=False).returncode == 0


def _missing(reason: str) -> None:
    if os.environ.get("MUSTER_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)


def _instant(value: datetime) -> str:
    # A time without a zone, a floating one, is not the same instant everywhere.
    assert value.tzinfo is not None
    return value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _value(one: Any) -> str:
    return str(getattr(one, "value", one))


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]
