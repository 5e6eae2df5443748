"""`make courses`: the library of an MSP comes from a file, and a file that is wrong changes nothing."""

import json
from typing import Any

import pytest

from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.audit import store as audit_store
from infra.courses import load, read
from infra.packaging import ROOT
from tests.harness import World

_COURSE = {
    "key": "phishing",
    "title": "Spotting Phishing",
    "summary": "What gives a message away.",
    "duration_minutes": 20,
    "launch_url": "https://courses.example.com/phishing",
}


def _load(world: World, msp_id: str, *courses: dict[str, Any]) -> dict[str, str]:
    return load(msp_id, read(json.dumps(courses)), world.now)


def test_courses_of_the_file_are_in_the_library_and_in_the_audit_trail(world: World) -> None:
    msp_id = world.msp()
    admin = world.msp_admin(msp_id)
    ids = load(msp_id, read((ROOT / "infra" / "sample" / "courses.json").read_text()), world.now)
    listed = {course["course_id"] for course in world.every("/msp/courses", admin)}
    assert listed == set(ids.values())
    assert len(listed) > 10
    (entry,) = audit_store.newest(msp_pk(msp_id), 10, None).items
    assert (entry.actor, entry.action) == ("command", "courses.loaded")


def test_the_same_key_again_changes_the_course_and_leaves_the_others(world: World) -> None:
    msp_id = world.msp()
    admin = world.msp_admin(msp_id)
    first = _load(world, msp_id, {**_COURSE, "self_enroll": True}, {**_COURSE, "key": "other"})
    person = world.account("ann@example.com")
    assert [one["course_id"] for one in world.every("/me/library", person)] == [first["phishing"]]
    assert _load(world, msp_id, {**_COURSE, "title": "Phishing, new"}) == {"phishing": first["phishing"]}
    assert world.get(f"/msp/courses/{first['phishing']}", admin).json["title"] == "Phishing, new"
    assert len(world.every("/msp/courses", admin)) == 2
    assert world.every("/me/library", person) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "0.title"),
        ({"launch_url": "http://courses.example.com"}, "0.launch_url"),
        ({"duration_minutes": 0}, "0.duration_minutes"),
        ({"key": "Not A Key"}, "0.key"),
        ({"colour": "red"}, "0.colour"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(json.dumps([{**_COURSE, **wrong}]))


@pytest.mark.parametrize(
    ("text", "said"), [("no", "the file"), ("[]", "courses"), (json.dumps([_COURSE] * 2), "twice")]
)
def test_a_file_that_is_no_list_of_different_courses_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text)


def test_there_has_to_be_such_an_msp(world: World) -> None:
    with pytest.raises(LookupError, match="no MSP nobody"):
        _load(world, "nobody", _COURSE)
