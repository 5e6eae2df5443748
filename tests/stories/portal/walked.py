"""A walk over the portal in a real browser: pages are opened, loaded anew, left and come back to; forms are filled in
and sent, and what is sent is counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests import cloud_state
from tests.e2e.browser import DESKTOP
from tests.harness import World
from tests.patience import SILENCE
from tests.stories.portal.site import Site, site

# What a page is by: where it lies, its heading, and what it says is wrong.
_LOOK = """() => [location.pathname.split('/portal')[1] + location.search, document.querySelector('h1')?.innerText,
  document.querySelector('[role=alert]')?.innerText || '']"""

# Fills in what is required and empty, and what is given by name. `null` when the form is not there, else its texts.
_FILL = """([path, given]) => {
  const form = [...document.forms].find((one) => one.method === 'post' && new URL(one.action).pathname === path);
  if (!form) return null;
  const plain = { date: '2027-02-01', 'datetime-local': '2027-02-01T09:00', time: '09:00', number: '3',
    email: 'zed@acme.example' };
  const typed = {};
  for (const field of form.elements) {
    const isText = field.matches('textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=file])');
    if (field.matches('[type=checkbox], [type=radio]') && given[field.name] === field.value) field.checked = true;
    if (field.matches('select') && field.required && !field.value) field.selectedIndex = 1;
    if (!isText) continue;
    if (given[field.name] !== undefined) field.value = given[field.name];
    else if (field.required && !field.value) field.value = plain[field.type] || 'Zed';
    if (field.type !== 'password') typed[field.name] = field.value;
  }
  return typed;
}"""
# By its last button, which is the one that goes on, or the one of this value.
_SEND = """([path, go]) => {
  const form = [...document.forms].find((one) => one.method === 'post' && new URL(one.action).pathname === path);
  const buttons = [...form.querySelectorAll('button:not([type=button])')];
  form.requestSubmit(buttons.find((one) => go && one.value === go) || buttons.at(-1));
}"""
_TYPED = """([path]) => {
  const form = [...document.forms].find((one) => one.method === 'post' && new URL(one.action).pathname === path);
  return form && Object.fromEntries([...form.elements].map((field) => [field.name, field.value]));
}"""


@dataclass
class Walk:
    site: Site
    context: BrowserContext
    page: Page

    def open(self, address: str) -> list[str]:
        self.page.goto(self.site.url(address))
        return self.look()

    def look(self) -> list[str]:
        found: list[str] = self.page.evaluate(_LOOK)
        return found

    def reload(self) -> list[str]:
        self.page.reload()
        return self.look()

    def back(self) -> list[str]:
        self.page.go_back()
        return self.look()

    def forward(self) -> list[str]:
        self.page.go_forward()
        return self.look()

    def fill(self, action: str, given: dict[str, str]) -> dict[str, str] | None:
        filled: dict[str, str] | None = self.page.evaluate(_FILL, [self._path(action), given])
        return filled

    def send(self, action: str, go: str = "") -> list[str]:
        with self.page.expect_navigation():
            self.page.evaluate(_SEND, [self._path(action), go])
        return self.look()

    def typed(self, action: str) -> dict[str, str] | None:
        """What stands in the fields of a form; None when it is not there."""
        found: dict[str, str] | None = self.page.evaluate(_TYPED, [self._path(action)])
        return found

    def status(self) -> int:
        """Of the last answer."""
        return self.site.asked[-1][2]

    def _path(self, action: str) -> str:
        return f"/dev/portal{action}"


@dataclass(frozen=True)
class Scene:
    """The world as it is now, with whoever is logged in, to begin with again and again."""

    walk: Walk
    state: bytes
    cookies: Any

    @classmethod
    def of(cls, walk: Walk) -> "Scene":
        return cls(walk, cloud_state.snapshot(), walk.context.cookies())

    def begin(self) -> None:
        cloud_state.restore(self.state)
        self.walk.context.add_cookies(self.cookies)


def stored(world: World) -> tuple[object, ...]:
    """All that there is, without who is logged in and how often."""
    outbox = [one for one in world.dump("outbox") if not one["pk"].startswith(("SESSIONS#", "LIMIT#"))]
    return world.dump("core"), outbox, world.dump("enrollments")


@contextmanager
def walk(world: World, started: Browser) -> Iterator[Walk]:
    """Without the stylesheet, which takes a browser a third of its time and no part in where pages lead."""
    with site(world, bare=True) as served:
        context = started.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(SILENCE * 1000)
        yield Walk(served, context, context.new_page())
        context.close()
