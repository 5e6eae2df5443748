"""The application behind a real browser, in this process: no deployment, and the test's own time."""

from playwright.sync_api import Page, Route

from chalicelib.core.settings import settings
from tests.stories.portal.browser import Browser


class Served:
    """Answers the browser's requests by the application, with the session of `browser`."""

    def __init__(self, window: Page, browser: Browser) -> None:
        self.window, self.browser = window, browser
        window.unroute_all()
        window.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        address = route.request.url.split("/dev/portal", 1)[1] or "/"
        # The browser would follow a redirect past us.
        answer = self.browser.open(address).answer
        headers = {name: text for name, text in answer.headers.items() if name != "content-length"}
        route.fulfill(status=answer.status, headers=headers, body=answer.text)

    def open(self, address: str) -> None:
        self.window.goto(f"{settings().public_url}/portal{address if address != '/' else ''}")
