"""Reads a JSON list of calendar files from stdin with libical, and writes the events of each as plain values.

For Debian's Python: it has the bindings.
"""

import json
import sys
from typing import Any

import gi

gi.require_version("ICalGLib", "3.0")
from gi.repository import ICalGLib as Ical  # noqa: E402

Kind, Name = Ical.ComponentKind, Ical.PropertyKind


def properties(component: Any, kind: Any) -> list[Any]:
    found, one = [], component.get_first_property(kind)
    while one is not None:
        found.append(one)
        one = component.get_next_property(kind)
    return found


def text(component: Any, kind: Any) -> str:
    found = properties(component, kind)
    return found[0].get_value().get_text() or found[0].get_value_as_string() if found else ""


def instant(component: Any, kind: Any) -> str:
    value = properties(component, kind)[0].get_value_as_string()
    if not value.endswith("Z"):
        raise ValueError(f"{value} is not in UTC")
    return str(value)


def attendee(one: Any) -> list[str]:
    names = ("CN", "PARTSTAT", "RSVP")
    return [one.get_value_as_string(), *((one.get_parameter_as_string(name) or "").strip('"') for name in names)]


def event_of(method: str, event: Any) -> dict[str, Any]:
    return {
        "uid": text(event, Name.UID_PROPERTY),
        "summary": text(event, Name.SUMMARY_PROPERTY),
        "status": properties(event, Name.STATUS_PROPERTY)[0].get_value_as_string(),
        "method": method,
        "sequence": event.get_sequence(),
        "start": instant(event, Name.DTSTART_PROPERTY),
        "end": instant(event, Name.DTEND_PROPERTY),
        "location": text(event, Name.LOCATION_PROPERTY),
        "description": text(event, Name.DESCRIPTION_PROPERTY),
        "organizer": properties(event, Name.ORGANIZER_PROPERTY)[0].get_value_as_string(),
        "attendees": [attendee(one) for one in properties(event, Name.ATTENDEE_PROPERTY)],
    }


def read(source: str) -> list[dict[str, Any]]:
    calendar = Ical.Component.new_from_string(source)
    # libical keeps what it could not read as properties of this kind.
    wrong = [one.get_value_as_string() for one in properties(calendar, Name.XLICERROR_PROPERTY)]
    method = properties(calendar, Name.METHOD_PROPERTY)[0].get_value_as_string()
    found, event = [], calendar.get_first_component(Kind.VEVENT_COMPONENT)
    while event is not None:
        wrong += [one.get_value_as_string() for one in properties(event, Name.XLICERROR_PROPERTY)]
        found.append(event_of(method, event))
        event = calendar.get_next_component(Kind.VEVENT_COMPONENT)
    if wrong:
        raise ValueError(str(wrong))
    return found


json.dump([read(source) for source in json.load(sys.stdin)], sys.stdout)
