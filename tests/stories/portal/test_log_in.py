"""Logging in by the form, with a real account, to the dashboard with its numbers, and out again."""

import pytest

from tests.harness import World
from tests.stories.portal.browser import Browser

PASSWORD = "Correct-horse-7"


@pytest.fixture
def account(world: World) -> str:
    """A confirmed account of ann@example.com."""
    cognito, pool = world.cloud.client("cognito-idp"), world.stage.environment["USER_POOL_ID"]
    attributes = [{"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}]
    user = cognito.admin_create_user(
        UserPoolId=pool, Username="user-of-ann", UserAttributes=attributes, MessageAction="SUPPRESS"
    )["User"]
    cognito.admin_set_user_password(UserPoolId=pool, Username="user-of-ann", Password=PASSWORD, Permanent=True)
    return next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")


def test_an_admin_logs_in_sees_the_numbers_and_logs_out(world: World, account: str) -> None:
    msp = world.msp()
    org = world.org(msp, "Alderquay Logistics")
    world.account("ann@example.com")
    world._email_by_account[account] = "ann@example.com"
    world.msp_admin(msp, account)

    browser = Browser(world)
    page = browser.open("/msp/training")
    assert page.heading == "Log in"
    page = browser.press("Log in", login="ann@example.com", password="Wrong-horse-9")
    assert page.status == 401
    assert page.title.startswith("Error: ")
    assert "Wrong email address or password" in page.text
    assert PASSWORD not in page.answer.text
    assert browser.cookies == {}

    page = browser.press("Log in", password=PASSWORD)
    assert page.heading == "Dashboard"
    assert page.title == "Dashboard - Northwind Managed IT - Muster"
    assert "Alderquay Logistics" in page.text
    assert page.link("Alderquay Logistics").endswith(f"/portal/msp/training/{org}")
    assert "0 Total course enrollments" in page.text

    stolen = dict(browser.cookies)
    page = browser.press("Log out")
    assert "You are logged out." in page.text
    # Whose session it was, for what is sent from a page that is still open; it opens nothing.
    assert browser.cookies == {"__Host-muster": f"{account}.ended"}
    assert browser.open("/msp/training").heading == "Log in"
    browser.cookies = stolen
    assert browser.open("/msp/training").heading == "Log in"
