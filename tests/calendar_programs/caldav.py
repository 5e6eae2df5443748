"""A real CalDAV server, Radicale, as an application: what it takes, it keeps in a folder, event by event."""

import base64
import io
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import radicale
import radicale.config

_CALENDAR = "/ann/trainings/"

_BETWEEN = """<?xml version="1.0"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
<c:time-range start="{start}" end="{end}"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""


class CalDavServer:
    def __init__(self, folder: Path) -> None:
        settings = radicale.config.load()
        mine = {
            "auth": {"type": "none"}, "storage": {"filesystem_folder": str(folder)}, "logging": {"level": "error"},
        }  # fmt: skip
        settings.update(mine, "test", privileged=True)
        self._application = radicale.Application(settings)

    def take(self, calendar: str) -> int:
        """The whole calendar, in place of what was there."""
        return self._ask("PUT", calendar, CONTENT_TYPE="text/calendar; charset=utf-8")[0]

    def calendar(self) -> str:
        return self._ask("GET")[1]

    def between(self, start: str, end: str) -> str:
        """What the server finds between two instants, as `20270201T000000Z`."""
        return self._ask("REPORT", _BETWEEN.format(start=start, end=end), HTTP_DEPTH="1")[1]

    def _ask(self, method: str, body: str = "", **headers: str) -> tuple[int, str]:
        status: list[str] = []
        content = body.encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": _CALENDAR, "wsgi.input": io.BytesIO(content),
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_AUTHORIZATION": "Basic " + base64.b64encode(b"ann:anything").decode(), **headers,
        }  # fmt: skip
        setup_testing_defaults(environ)
        answer = b"".join(self._application(environ, lambda line, *_: status.append(line)))
        return int(status[0].split()[0]), answer.decode()
