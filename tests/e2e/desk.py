"""How somebody at a desk uses the portal: logs in, presses buttons, follows links."""

from playwright.sync_api import Page

from tests.e2e.deployed import PASSWORD, Deployed, Person


def log_in(deployed: Deployed, page: Page, person: Person) -> None:
    """From the dashboard of an MSP, which asks for it."""
    page.goto(f"{deployed.url}/portal/msp/training")
    page.get_by_label("Email address or login name").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def follow(page: Page, link: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=link).first.click()
