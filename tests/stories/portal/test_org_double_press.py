"""Every form of an organization's pages, sent twice as a double press does: the second time nothing changes."""

from datetime import timedelta
from typing import Any

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Form
from tests.stories.portal.every_page import everything, pages

# What a form needs that its page does not fill in.
_FILLED = {"name": "Zed", "email": "zed@acme.example", "emails": "zed.new@acme.example", "permission": "audit"}

# Keys of requests and of sessions are made by each of them.
_OWN = ("IDEMPOTENCY#", "SESSIONS#")


def _stored(world: World) -> list[dict[str, Any]]:
    found = [item for short in ("core", "enrollments", "outbox") for item in world.dump(short)]
    return [item for item in found if not item["pk"].startswith(_OWN)]


def _filled(form: Form) -> list[tuple[str, str]]:
    fields = [(name, text or _FILLED.get(name, "")) for name, text in form.fields]
    return [*fields, ("permission", "audit")] if form.action.endswith("/roles") else fields


def test_every_form_of_an_organization_can_be_pressed_twice(world: World, driver: Driver, course: str) -> None:
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    sent, wrong = set(), []
    # What deletes and archives comes last, with the pages that it takes away.
    addresses = sorted((made.address(page) for page in pages("GET") if page.path.startswith("/orgs/")), key=len)
    for address in addresses:
        for form in browser.open(address).forms:
            action = form.action.partition("?")[0].rpartition("/portal")[2]
            if form.method != "post" or not action.startswith("/orgs/") or action.endswith(("/delete", "/imports/new")):
                continue
            fields = _filled(form)
            answers = [browser.request("POST", form.action, fields).status]
            after = _stored(world)
            answers.append(browser.request("POST", form.action, fields).status)
            if _stored(world) != after or answers[0] >= 500 or answers[1] >= 500:
                wrong.append((action, answers))
            sent.add(action)
    assert wrong == []
    assert len(sent) >= 15, sent
    driver.work()


def test_what_is_deleted_twice_is_deleted(world: World, driver: Driver, course: str) -> None:
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    base = f"/orgs/{made.ids['org_id']}"
    page = browser.open(f"{base}/admins/roles/{made.ids['role_id']}")
    form = page.form("Delete Auditor")
    for _ in range(2):
        assert "The role was deleted." in browser.send(form).text


def test_what_was_typed_is_kept_when_the_session_has_ended(world: World, driver: Driver, course: str) -> None:
    """Nothing is lost, and nothing is done before its owner says so once more."""
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    base = f"/orgs/{made.ids['org_id']}"
    for path, button, filled in (
        ("join-page", "Save", {"slug": "kept-slug", "allowed_domains": "a.example\nb.example"}),
        ("settings", "Save", {"invitation_days": "41"}),
        ("learners", "Archive", {"go": "archive", "member_id": [made.ids["member_id"], "another"]}),
        (f"actions/{made.ids['action_id']}", "", {}),
    ):
        page = browser.open(f"{base}/{path}")
        form = page.form(button) if button else next(one for one in page.forms if one.action.endswith(path))
        world.now += timedelta(hours=2)
        before = _stored(world)
        page = browser.send(form, **filled)
        assert "is kept for 10 minutes" in page.text, path
        browser.has_session_of(made.admin)
        page = browser.open("/continue")
        ours = [item for item in _stored(world) if "kept" not in item["pk"].lower()]
        assert [item for item in ours if item not in before] == [], path
        kept = page.form("Send it now")
        for name, value in filled.items():
            found = [text for given, text in kept.fields if given == name]
            assert found == (value if isinstance(value, list) else [value]), path
        assert browser.send(kept).status < 500
