"""At a domain of one's own: where pages and links are, and whom a request is from."""

from collections.abc import Iterator

import pytest

import app  # noqa: F401  (registers every route)
from chalicelib.core.settings import settings
from chalicelib.web.requests import source_of
from chalicelib.web.routing import ROUTES
from infra.packaging import ROOT
from tests.e2e.browser import chromium
from tests.harness import World
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import pages


@pytest.fixture
def at_domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PORTAL_PATH", "")
    monkeypatch.setenv("PUBLIC_URL", "https://training.example.com")
    monkeypatch.setenv("EDGE_KEY", "k" * 48)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_pages_link_and_lead_to_each_other_without_a_prefix(world: World, at_domain: None) -> None:
    admin = world.msp_admin(world.msp())
    browser = Browser(world)
    answer = browser.request("GET", "/msp/training")
    assert answer.headers["location"] == "/login?next=%2Fmsp%2Ftraining"
    browser.has_session_of(admin)
    answer = browser.request("GET", "/msp/training")
    assert 'href="/msp/rollouts"' in answer.text
    assert 'href="/assets/portal-' in answer.text
    assert 'href="/">Muster' in answer.text
    assert '"/portal' not in answer.text
    assert browser.request("POST", "/logout").headers["location"].startswith("/login")


class _Request:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}
        self.context = {"identity": {"sourceIp": "198.51.100.7"}}


def test_who_asks_is_told_by_the_distribution_alone(at_domain: None) -> None:
    key = "k" * 48
    assert source_of(_Request(x_muster_edge=key, x_muster_viewer="203.0.113.9")) == "203.0.113.9"
    # Who calls the API past it can say what they like.
    assert source_of(_Request(x_muster_viewer="203.0.113.9")) == "198.51.100.7"
    assert source_of(_Request(x_muster_edge="x" * 48, x_muster_viewer="203.0.113.9")) == "198.51.100.7"
    assert source_of(_Request(x_muster_edge="", x_muster_viewer="203.0.113.9")) == "198.51.100.7"


def test_without_a_domain_nobody_is_believed() -> None:
    assert source_of(_Request(x_muster_edge="", x_muster_viewer="203.0.113.9")) == "198.51.100.7"


def test_the_edge_leads_every_page_and_route_to_where_it_is() -> None:
    """CloudFront's function, run by a browser: each page of the portal, each public page, each route of the API."""
    text = (ROOT / "infra" / "domain.yaml").read_text()
    code = text.split("FunctionCode: |\n")[1].split("\n\n")[0]
    leading = "handler({request: {uri, headers: {}}, viewer: {ip: '203.0.113.9'}})"
    kept = {route.path.split("/")[1] for route in ROUTES if route.public and route.method == "GET"}
    asked = [page.path for page in pages("GET")]
    asked += [f"/api{route.path}" for route in ROUTES]
    # The badges' too, which are no pages: programs open them at the address that is signed.
    asked += [route.path for route in ROUTES if route.public and route.method == "GET"] + [
        "/openapi.json",
        "/assets/portal-1.css",
        "/portal/login",
    ]
    with chromium() as browser:
        page = browser.new_page()
        led = page.evaluate(f"(paths) => {{ {code}\n return paths.map((uri) => {leading}); }}", asked)
    assert {one["headers"]["x-muster-viewer"]["value"] for one in led} == {"203.0.113.9"}
    for path, one in zip(asked, led, strict=True):
        if path.startswith("/api/"):
            assert one["uri"] == path.removeprefix("/api")
        elif path.split("/")[1] in kept or path.startswith("/portal"):
            assert one["uri"] == path
        else:
            assert one["uri"] == ("/portal" if path == "/" else f"/portal{path}")
    # No page of the portal lies where the API has a page of its own.
    assert {page.path.split("/")[1] for page in pages("GET")}.isdisjoint(kept - {"portal"})


def test_the_template_has_a_domain_only_where_one_is_asked_for() -> None:
    text = (ROOT / "infra" / "domain.yaml").read_text()
    resources = text.split("\nResources:\n")[1].split("\nOutputs:\n")[0]
    assert resources.count("    Type: AWS::") == resources.count("    Condition: HasDomain") == 3
