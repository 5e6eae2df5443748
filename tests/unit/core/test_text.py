"""Names, and the forms in which they are compared and searched."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.core.text import Line, one_line, searchable

LINE: TypeAdapter[str] = TypeAdapter(Line)

NOTHING = [
    "\u200b",
    "\u200d\u2060",
    "\ufeff",
    "\u3164",
    "\u2800",
    "\u00ad",
    " \u200b ",
    "\u115f\u1160",
    "\U000e0041",
    "\ufe0f",
]


@pytest.mark.parametrize("name", NOTHING)
def test_a_name_of_nothing_is_refused(name: str) -> None:
    """Issue 10, 12: zero-width characters only."""
    with pytest.raises(ValidationError):
        LINE.validate_python(name)
    assert one_line(name) == ""


@pytest.mark.parametrize("mark", ["\u202e", "\u202d", "\u202a", "\u2066", "\u2069"])
def test_a_name_that_turns_the_direction_of_writing_is_refused(mark: str) -> None:
    """Issue 10, 12."""
    with pytest.raises(ValidationError):
        LINE.validate_python(f"Ann{mark}gpj.exe")


@pytest.mark.parametrize(
    "name",
    [
        "N\u00fa\u00f1ez",
        "O\u2019Neil",
        "\u674e",
        "\u0645\u062d\u0645\u062f\u200c\u0639\u0644\u06cc",
        "\U0001f469\u200d\U0001f4bb Team",
        "x",
    ],
)
def test_names_of_people_are_taken(name: str) -> None:
    assert LINE.validate_python(name) == name
    assert one_line(name) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("nunez", "N\u00fa\u00f1ez"), ("nunez", "Nu\u0301n\u0303ez"), ("o'neil", "O\u2019Neil"),
        ("o\u2019neil", "O'Neil"),
        ("o\u00b4neil", "O\u02bcNeil"), ("strauss", "Strau\u00df"), ("lukasz", "\u0141ukasz"), ("soren", "S\u00f8ren"),
        ("anne-marie", "Anne\u2011Marie"), ("ann lee", "Ann \u00a0Lee"), ("\u0130smail", "ismail"),
    ],
)  # fmt: skip
def test_search_finds_names_without_their_marks(typed: str, name: str) -> None:
    """Issue 10, 12."""
    assert searchable(typed) == searchable(name)


def test_what_nobody_sees_makes_no_other_name() -> None:
    assert searchable("Ac\u200bme\u2060 In\u00addustries") == searchable("Acme\u00a0Industries") == "acme industries"
