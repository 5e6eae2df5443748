"""The menu: few entries, those of a section in a second row, and never one that its visitor may not open."""

import pytest

from chalicelib.portal.menu import Entry, menu
from chalicelib.tenants.access.states import Permission

ALL = frozenset(Permission)


def _menu(path: str, can: frozenset[Permission] = ALL, is_limited: bool = False) -> tuple[Entry, ...]:
    return menu(
        {"wing": "orgs", "path": path, "org_id": "o1", "can": can, "is_limited": is_limited, "roles": ["a role"]}
    )


def test_an_organizations_menu_fits_in_a_line() -> None:
    names = [section.name for section in _menu("/orgs/o1")]
    assert names == ["Home", "Learners", "Courses", "Trainings", "Groups", "Reports", "Activity", "Settings"]


@pytest.mark.parametrize(
    ("path", "section", "page"),
    [
        ("/orgs/o1", "Home", None),
        ("/orgs/o1/learners/m1", "Learners", "All learners"),
        ("/orgs/o1/learning/m1", "Learners", "All learners"),
        ("/orgs/o1/imports/i1", "Learners", "Uploads"),
        ("/orgs/o1/training/b1", "Courses", None),
        ("/orgs/o1/trainings/t1", "Trainings", None),
        ("/orgs/o1/locations", "Groups", "Locations"),
        ("/orgs/o1/actions/a1", "Activity", None),
        ("/orgs/o1/audit/verify", "Settings", "Audit"),
    ],
)
def test_a_page_shows_where_it_is(path: str, section: str, page: str | None) -> None:
    current = [one for one in _menu(path) if one.current]
    assert [one.name for one in current] == [section]
    assert [one.name for one in current[0].pages if one.current] == ([page] if page else [])


def test_only_what_may_be_opened_is_offered() -> None:
    # Home is about the people; it would only lead on to what is theirs.
    (audit,) = _menu("/orgs/o1", frozenset({Permission.AUDIT}))
    assert (audit.name, audit.address, audit.pages) == ("Audit", "/orgs/o1/audit", ())


def test_who_is_limited_to_departments_uploads_nothing() -> None:
    learners = next(one for one in _menu("/orgs/o1", is_limited=True) if one.name == "Learners")
    assert (learners.address, learners.pages) == ("/orgs/o1/learners", ())
