"""Every mail as mail programs show it: on a phone of 320 pixels and on a desktop, with a picture of each in docs/."""

import html
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.mailer import BUILDER_BY_KIND
from chalicelib.notifications.rendering import MailContent, mime_message
from infra.code_mails import handler
from tests.e2e.browser import NARROW, window
from tests.e2e.pictures import MAILS, Album, sizes

_FACTS = {
    "tenant": "Acme Industries", "course": "Spotting Phishing", "due_by": "2027-02-15", "first_name": "Robin",
    "email": "robin.vale@acme.example", "code": "48210375", "minutes": "30", "expires_on": "2027-02-03",
    "batch": "Security awareness, January", "enroll_on": "2027-01-15", "num_enrolled": "41", "num_failed": "2",
    "link": "https://muster.example.com/invites/01KDZ0Q6V0H5C7NQ4Y9X2B8T3M.01KDZ0Q6V1J2W3E4R5T6Y7U8I9.aB3dE5gH7jK9mN",
    "guide_url": "https://muster.example.com/guide", "role": "an admin", "front_url": "https://muster.example.com",
    "explanation": "There was no free seat: all of the organization's seats for this course are taken.",
    "training": "First aid at work", "when": "Monday, 1 February 2027, 09:00 to 12:00 (Berlin)", "place": "Hall 7",
    "web_link": "https://meet.example.com/first-aid", "instructor": "Kim Hale", "status": "invited", "reason": "",
    "description": "Please wear comfortable clothes.",
}  # fmt: skip
_MAX_ALL = 700_000


def _sent_by_muster(kind: str) -> tuple[str, str]:
    content = MailContent(_FACTS["email"], "Acme Industries", facts=_FACTS)
    raw = mime_message("M1", kind, content, "mail@muster.example", _FACTS["front_url"]).raw
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    assert body is not None
    return str(message["Subject"]), str(body.get_content())


def _sent_by_cognito() -> Iterator[tuple[str, str, str]]:
    """Name, subject and body of each, as the function in the template writes them."""
    for name, kind in (("account_code", "SignUp"), ("account_password", "AdminCreateUser")):
        request = {
            "codeParameter": "482103", "usernameParameter": "01KDZ0Q6V0H5C7NQ4Y9X2B8T3M",
            "clientMetadata": {"organization": "Acme Industries"},
        }  # fmt: skip
        written = handler({"triggerSource": f"CustomMessage_{kind}", "request": request, "response": {}}, None)
        yield name, written["response"]["emailSubject"], written["response"]["emailMessage"]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with window(browser, "203.0.113.9") as opened:
        yield opened


def _show(page: Page, name: str, subject: str, body: str) -> None:
    """With the subject above it, as mail programs have it."""
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    head = f'<p style="margin: 12px; font: 600 18px/1.3 system-ui, sans-serif">{html.escape(subject)}</p>'
    at = body.index(">", body.index("<body")) + 1 if "<body" in body else 0
    page.set_content(body[:at] + head + body[at:])
    assert page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"], name


def test_every_mail_fits_a_phone_of_320_pixels_and_looks_as_in_its_picture(page: Page) -> None:
    album = Album(MAILS, MAILS / "pictures.json", NARROW)
    mails = [(kind, *_sent_by_muster(kind)) for kind in sorted(map(str, BUILDER_BY_KIND))]
    for name, subject, body in (*mails, *_sent_by_cognito()):
        _show(page, name, subject, body)
        album.show(page, name, shipped=False)
    album.assert_fresh()
    taken = sizes(MAILS)
    assert set(taken) == {f"{name}-{kind}.png" for name in album.names for kind in ("phone", "desktop")}
    assert sum(taken.values()) <= _MAX_ALL
