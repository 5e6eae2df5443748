"""No browser guesses what an answer is: what people wrote may look like a page or a program."""

import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


def test_every_kind_of_answer_says_that_its_type_is_what_it_says(world: World, joining: Joining) -> None:
    template = f"/orgs/{joining.org}/invites/template"
    address = world.post("/me/calendar", world.account(), {}).json["address"]
    calendar = f"/calendar/{address.rpartition('/')[2]}"
    etag = world.get(calendar).headers["etag"]
    answers: dict[str, tuple[int, Answer]] = {
        "JSON": (200, world.get(f"/orgs/{joining.org}/join-page", joining.admin)),
        "nothing": (204, world.delete(f"/orgs/{joining.org}/groups/{world.group(joining.org, 'Old')}", joining.admin)),
        "problem": (404, world.get(f"/orgs/{joining.org}/members/unknown", joining.admin)),
        "problem of a form": (422, world.post(f"/orgs/{joining.org}/groups", joining.admin, {"name": ""})),
        "another type of body": (415, world.post(f"/orgs/{joining.org}/groups", joining.admin, raw=b"x", headers={
            "Content-Type": "text/plain",
        })),
        "page": (200, world.get(f"/join/{SLUG}")),
        "page of a problem": (404, world.get("/join/unknown")),
        "redirect": (303, joining.ask("ann@example.com")),
        "redirect to the address without a slash": (308, world.get(f"/join/{SLUG}/")),
        "documentation": (200, world.get("/docs")),
        "OpenAPI document": (200, world.get("/openapi.json")),
        "CSV": (200, world.get(f"{template}?format=csv", joining.admin)),
        "calendar": (200, world.get(calendar)),
        "calendar that is known already": (304, world.get(calendar, headers={"If-None-Match": etag})),
        "spreadsheet": (200, world.get(f"{template}?format=xlsx", joining.admin, headers={"Accept": XLSX})),
    }  # fmt: skip
    assert {kind: answer.status for kind, (_, answer) in answers.items()} == {
        kind: status for kind, (status, _) in answers.items()
    }
    said = {kind: answer.headers.get("x-content-type-options") for kind, (_, answer) in answers.items()}
    assert said == dict.fromkeys(answers, "nosniff")
