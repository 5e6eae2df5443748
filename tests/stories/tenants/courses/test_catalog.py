"""F4: the course library."""

import pytest

from tests.harness import World


@pytest.fixture
def msp(world: World) -> str:
    return world.msp()


@pytest.fixture
def admin(world: World, msp: str) -> str:
    return world.msp_admin(msp)


def test_a_course_shows_all_its_details(world: World, msp: str, admin: str) -> None:
    course_id = world.course(msp, "Spotting Phishing", certificate=True, self_enroll=True, duration_minutes=25)
    expected = {
        "course_id": course_id,
        "title": "Spotting Phishing",
        "summary": "What gives it away.",
        "duration_minutes": 25,
        "launch_url": "https://courses.example/1",
        "certificate": True,
        "certificate_months": None,
        "self_enroll": True,
    }
    assert world.get(f"/msp/courses/{course_id}", admin).json == expected
    assert world.get("/msp/courses", admin).json == {"items": [expected], "next_cursor": None}


def test_courses_are_searched_by_a_part_of_their_title_whatever_its_case(world: World, msp: str, admin: str) -> None:
    phishing = world.course(msp, "Spotting Phishing")
    world.course(msp, "Clear Desk")
    found = world.every("/msp/courses?search=PHISH", admin)
    assert [item["course_id"] for item in found] == [phishing]
    assert world.every("/msp/courses?search=zebra", admin) == []


@pytest.mark.parametrize("query", ["", "&search=course"])
def test_the_library_comes_in_pages_and_each_course_once(world: World, msp: str, admin: str, query: str) -> None:
    made = {world.course(msp, f"Course {number}") for number in range(5)}
    listed = [item["course_id"] for item in world.every(f"/msp/courses?limit=2{query}", admin)]
    assert len(listed) == 5
    assert set(listed) == made


def test_the_last_page_that_is_exactly_full_says_that_it_is_the_last(world: World, msp: str, admin: str) -> None:
    for number in range(4):
        world.course(msp, f"Course {number}")
    first = world.get("/msp/courses?limit=2&search=course", admin).json
    last = world.get(f"/msp/courses?limit=2&search=course&cursor={first['next_cursor']}", admin).json
    assert (len(last["items"]), last["next_cursor"]) == (2, None)


def test_another_msp_s_course_is_not_there(world: World, msp: str, admin: str) -> None:
    course_id = world.course(world.msp("Other"))
    assert world.get(f"/msp/courses/{course_id}", admin).status == 404
    assert world.every("/msp/courses", admin) == []


def test_only_msp_admins_see_the_library(world: World, msp: str) -> None:
    course_id = world.course(msp)
    org_admin = world.org_admin(world.org(msp))
    assert world.get("/msp/courses", org_admin).status == 403
    assert world.get(f"/msp/courses/{course_id}", org_admin).status == 403
