"""Pages of live trainings and certificates under the addresses that are really opened (issue 10, 1 and 2)."""

import re
from urllib.parse import urljoin

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings
from tests.stories.training.certificates.holders import holder

_LINKS = re.compile(r'(?:action|href)="([^"]*)"')
ANN = "ann@acme.example"


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def _rsvp(live: LiveTrainings) -> str:
    live.enroll([live.person(ANN)], live.one())
    live.send()
    return f"/rsvp/{live.token(ANN)}"


def test_links_in_mails_of_trainings_and_on_certificates_open_as_they_are_pasted(
    world: World, driver: Driver, live: LiveTrainings
) -> None:
    for path in (_rsvp(live), f"/certificates/{holder(driver).certificate['number']}"):
        plain = world.get(path)
        assert plain.status == 200, path
        for added in ("?utm_source=newsletter&fbclid=x&utm_source=b", ".", ")", "%3E", ">,"):
            decorated = world.get(path + added)
            assert (decorated.status, decorated.text) == (200, plain.text), path + added
        head = world.request("HEAD", path)
        assert (head.status, head.headers, head.text) == (200, plain.headers, ""), path
        slash = world.get(f"{path}/?lang=de")
        here = f"https://training.example.com/dev{path}"
        assert (slash.status, urljoin(f"{here}/", slash.headers["location"])) == (308, f"{here}?lang=de")
        links = _LINKS.findall(plain.text)
        assert [link for link in links if not link.startswith(("/dev/", "http", "#", "data:"))] == [], path


@pytest.mark.parametrize(("answer", "shows"), [("confirm", "You're coming."), ("decline", "You're not coming.")])
def test_an_answer_pressed_twice_shows_what_came_of_the_first(live: LiveTrainings, answer: str, shows: str) -> None:
    path = _rsvp(live)
    for _ in range(2):
        pressed = live.world.submit(path, {"answer": answer})
        assert (pressed.status, pressed.headers["location"]) == (303, f"/dev{path}")
        assert shows in live.world.get(path).text
