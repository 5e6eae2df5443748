"""The application behind an address that a real browser opens by itself: its own redirects, cookies and history.

`Served` answers in the browser's stead, which hides what browsers do on their own: following a 303, sending a form anew
when its answer is reloaded, keeping pages to go back to.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from chalicelib.core.settings import settings
from tests.harness import World
from tests.stories.portal.browser import Browser

STAGE = "/dev"
_AS = "/as/"
# Said by the server itself, or of no use to who sits beside it.
_NOT_PASSED_ON = ("content-length", "connection", "set-cookie", "strict-transport-security")


@dataclass
class Site:
    """`asked` are the requests so far, but for files, with what was answered. `bare`: without the stylesheet."""

    world: World
    bare: bool = False
    address: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return f"{self.address}/portal{path if path != '/' else ''}"

    def log_in(self, context: BrowserContext, account_id: str) -> None:
        """As after a log-in, without one: its passwords take the local cloud long."""
        window = context.new_page()
        window.goto(f"{self.address}{_AS}{account_id}")
        window.close()

    def posts(self) -> int:
        return sum(method == "POST" for method, _, _ in self.asked)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> Any:
        """One after the other: the world has one clock, and the tests' cloud one state."""
        with self._lock:
            path = target.removeprefix(STAGE)
            if path.startswith(_AS):
                browser = Browser(self.world).has_session_of(path.removeprefix(_AS))
                return browser.cookies["__Host-muster"]
            answer = self.world.request(method, path, raw=body, headers=headers)
            if self.bare and path.endswith(".css"):
                return replace(answer, text="")
            if not path.startswith("/portal/assets/"):
                self.asked.append((method, path, answer.status))
            return answer


@contextmanager
def site(world: World, *, bare: bool = False) -> Iterator[Site]:
    """Ends with the block. Links lead to it meanwhile."""
    made = Site(world, bare)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def _answer(self, body: bytes | None) -> None:
            answer = made.answer(self.command, self.path, dict(self.headers.items()), body)
            if isinstance(answer, str):
                self.send_response(200)
                self.send_header("Set-Cookie", f"__Host-muster={answer}; Path=/; Secure; HttpOnly; SameSite=Lax")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = answer.text.encode()
            self.send_response(answer.status)
            for name, text in answer.headers.items():
                if name not in _NOT_PASSED_ON:
                    self.send_header(name, text)
            for cookie in answer.cookies:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="site", daemon=True).start()
    made.address = f"http://127.0.0.1:{server.server_port}{STAGE}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBLIC_URL", made.address)
        settings.cache_clear()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
    settings.cache_clear()
