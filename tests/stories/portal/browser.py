"""A browser without scripts: keeps cookies, follows redirects, fills in the forms that it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from chalicelib.core.settings import settings
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.service import Known
from tests.gateway import Answer
from tests.harness import World

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
Pairs = list[tuple[str, str]]


@dataclass
class Form:
    """`fields` are what it would send as it is."""

    action: str
    method: str
    fields: Pairs = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        return [name for name, _ in self.fields]


class Page(HTMLParser):
    """What a reader finds on a page: text, links, forms."""

    def __init__(self, answer: Answer, address: str) -> None:
        super().__init__()
        self.answer, self.address = answer, address
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.texts: list[str] = []
        self.headings: list[str] = []
        self.title = ""
        self._inside: list[str] = []
        self._select: str | None = None
        self._option: tuple[str, bool] | None = None
        self._first_option = True
        self.feed(answer.text)

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def heading(self) -> str:
        return self.headings[0] if self.headings else ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def form(self, button: str) -> Form:
        found = [form for form in self.forms if button in form.buttons]
        assert found, f"no button {button!r} among {[form.buttons for form in self.forms]} on {self.address}"
        return found[0]

    def link(self, name: str) -> str:
        found = [href for text, href in self.links if text == name]
        assert found, f"no link {name!r} among {[text for text, _ in self.links]}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("meta", "link", "input", "br", "img", "hr"):
            if tag == "input" and self.forms:
                self._input(given, {name for name, _ in attrs})
            return
        self._inside.append(tag)
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "a":
            self.links.append(("", given.get("href", "")))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append("")
            if given.get("name"):
                self._named_button = (given["name"], given.get("value", ""))
        elif tag == "select":
            self._select, self._first_option = given.get("name"), True
        elif tag == "option" and self._select and self.forms:
            if self._first_option:
                self.forms[-1].fields.append((self._select, given.get("value", "")))
            elif "selected" in given:
                self.forms[-1].fields[-1] = (self._select, given.get("value", ""))
            self._first_option = False
        elif tag == "textarea" and self.forms:
            self.forms[-1].fields.append((given.get("name", ""), ""))
        elif tag == "h1":
            self.headings.append("")

    def _input(self, given: dict[str, str], present: set[str]) -> None:
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio") and ("checked" not in present or "disabled" in present):
            return
        self.forms[-1].fields.append((given.get("name", ""), given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not self._inside or self._inside[-1] in ("script", "style"):
            return
        if "title" in self._inside:
            self.title += data
            return
        if text:
            self.texts.append(text)
        if "a" in self._inside and self.links:
            name, href = self.links[-1]
            self.links[-1] = (f"{name} {text}".strip(), href)
        if "button" in self._inside and self.forms and self.forms[-1].buttons:
            self.forms[-1].buttons[-1] = f"{self.forms[-1].buttons[-1]} {text}".strip()
        if "h1" in self._inside and self.headings:
            self.headings[-1] = f"{self.headings[-1]} {text}".strip()
        if "textarea" in self._inside and self.forms and self.forms[-1].fields:
            name, _ = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, data)


class Browser:
    def __init__(self, world: World) -> None:
        self.world = world
        self.cookies: dict[str, str] = {}
        self.page: Page

    def has_session_of(self, account_id: str, *, kept: bool = False) -> "Browser":
        """As after a log-in, without one: its passwords take the local cloud long."""
        email = self.world._email_by_account.get(account_id)
        cookie = sessions.begin(Known(account_id, email, "Ann", "Lee"), "Test", kept=kept, now=self.world.now)
        self.cookies["__Host-muster"] = cookie
        return self

    def open(self, address: str) -> Page:
        """An address below /portal, or one of a link; follows redirects."""
        return self._go("GET", address, None)

    def send(self, form: Form, **filled: Any) -> Page:
        """Fill in fields by name (a list for several) and send. What the form does not have is sent, too."""
        fields = [(name, text) for name, text in form.fields if name not in filled]
        for name, value in filled.items():
            fields += [(name, text) for text in ([value] if isinstance(value, str) else value)]
        if form.method == "get":
            # What stands behind the path of the action is dropped, as browsers do.
            return self.open(f"{form.action.split('?')[0]}?{urlencode(fields)}")
        return self._go("POST", form.action, fields)

    def upload(self, button: str, name: str, content: bytes, kind: str = "text/csv") -> Page:
        """Press a button whose form takes a file."""
        form = self.page.form(button)
        parts = [f'name="{field}"\r\n\r\n{text}'.encode() for field, text in form.fields if field != "file"]
        parts += [f'name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content]
        head = b"--xXx\r\nContent-Disposition: form-data; "
        body = b"".join(head + part + b"\r\n" for part in parts) + b"--xXx--\r\n"
        sent = {"Content-Type": "multipart/form-data; boundary=xXx", "raw": body}
        answer = self.request("POST", form.action, **sent)  # type: ignore[arg-type]
        if answer.status == 303:
            return self.open(answer.headers["location"])
        self.page = Page(answer, form.action)
        return self.page

    def press(self, button: str, **filled: Any) -> Page:
        return self.send(self.page.form(button), **filled)

    def follow(self, link: str) -> Page:
        return self.open(self.page.link(link))

    def request(
        self, method: str, address: str, fields: Sequence[tuple[str, str]] | None = None, **headers: str
    ) -> Answer:
        """One request, whatever comes of it."""
        root = urlsplit(settings().public_url).path.rstrip("/")
        path = address.removeprefix(root)
        path = path if path.startswith("/portal") else f"/portal{path}" if path != "/" else "/portal"
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        if method == "POST":
            sent |= {"Content-Type": "application/x-www-form-urlencoded", **SAME_ORIGIN}
        body = urlencode(fields or []).encode() if method == "POST" else None
        body = headers.pop("raw", body)  # type: ignore[arg-type]
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.world.request(method, path, raw=body, headers={**sent, **given})
        for cookie in answer.cookies:
            self._keep(cookie)
        return answer

    def _keep(self, cookie: str) -> None:
        pair, *rules = [part.strip() for part in cookie.split(";")]
        name, _, value = pair.partition("=")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(rules), cookie
        if "Max-Age=0" in rules:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def _go(self, method: str, address: str, fields: Pairs | None) -> Page:
        for _ in range(6):
            answer = self.request(method, address, fields)
            if answer.status not in (303, 308):
                self.page = Page(answer, address)
                return self.page
            method, fields, address = "GET", None, answer.headers["location"]
        raise AssertionError(f"{address} leads round in a circle")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))
