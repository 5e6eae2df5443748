"""Complaint 11, for every page: a number that leads to a list says how long it is. Read from the site map: whatever
number a new page links is under this rule at once.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import Everything, everything, pages

# "12 with a place", or "Failed (3)".
_NUMBER_FIRST, _NUMBER_LAST = re.compile(r"([\d,]+) +(\D.*)"), re.compile(r"(\D.*) \(([\d,]+)\)")
_ROW = re.compile(r'<tr>.*?</tr>|<li class="task">.*?</li>\n', re.DOTALL)
_NEXT = re.compile(r'href="([^"]+)" rel="next"')
_LINK = re.compile(r'<a (?:class="\w+" )?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def _plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def _main(html: str) -> str:
    return html.partition('<main id="main"')[2].partition("</main>")[0]


def _rows(browser: Browser, address: str) -> list[str]:
    """Of the lists behind the address, on all their pages; of the part of the page that it names, if it names one."""
    found: list[str] = []
    while address:
        path, _, part = address.partition("#")
        html = _main(browser.open(path or browser.page.address).answer.text)
        if part:
            html = html.split(f'id="{part}"')[1].split("<h2")[0]
        found += [row for row in _ROW.findall(html) if 'scope="col"' not in row]
        more = _NEXT.search(html)
        address = more[1].replace("&amp;", "&") if more else ""
    return found


def _cell(row: str, column: str) -> str:
    return _plain(row.split(f'data-label="{column}">')[1].split("</td>")[0])


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _sum_of(column: str) -> Callable[[list[str]], int]:
    return lambda rows: sum(_number(_cell(row, column)) for row in rows)


def _sum_of_tags(status: str) -> Callable[[list[str]], int]:
    tag = re.compile(rf"([\d,]+) {status}\b")
    return lambda rows: sum(_number(number) for row in rows for number in tag.findall(_cell(row, "Status")))


# The dashboard's list has clients, its cards count course enrollments.
_UNITS: dict[str, Callable[[list[str]], int]] = {
    "Total course enrollments": _sum_of("Courses"),
    "Completed": _sum_of_tags("completed"),
    "Scheduled": _sum_of_tags("scheduled"),
    "Needs attention": _sum_of_tags("failed"),
}
# Some of those that this world has, and that are not zero there.
_SEEN = {*_UNITS, "with a place", "Enrolled", "Failed", "to fix", "corrected"}


def _linked(html: str) -> list[tuple[int, str, str]]:
    """Each number that is a link: itself, its words, its address."""
    found = []
    for href, inner in _LINK.findall(_main(html)):
        text = _plain(inner)
        if first := _NUMBER_FIRST.fullmatch(text):
            found.append((_number(first[1]), first[2], href.replace("&amp;", "&")))
        elif last := _NUMBER_LAST.fullmatch(text):
            found.append((_number(last[2]), last[1], href.replace("&amp;", "&")))
    return found


@pytest.fixture
def made(world: World, driver: Driver, course: str) -> Everything:
    """With something scheduled, and something completed."""
    made = everything(world, driver, course)
    org, course = made.ids["org_id"], made.ids["course_id"]
    driver.send(driver.form([org], [{"course_id": course, "enroll_on": "2027-03-01"}]))
    (other,) = driver.clients(course, "Penhallow Ferries")
    world.member(other)
    driver.launch(other, [course])
    return made


def test_every_number_that_is_a_link_says_how_long_the_list_behind_it_is(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    wrong: list[Any] = []
    seen: dict[str, int] = {}
    for page in pages("GET"):
        here = made.address(page)
        answer = browser.request("GET", here)
        if page.path == "/components" or answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        for number, words, href in _linked(answer.text):
            rows = _rows(browser, here + href if href.startswith("#") else href)
            counted = (_UNITS.get(words, len) if page.path == "/msp/training" else len)(rows)
            seen[words] = max(seen.get(words, 0), number)
            if counted != number:
                wrong.append((here, f"{number} {words}", counted, href))
    assert wrong == []
    assert {words for words, most in seen.items() if most} >= _SEEN


# A row's number, and what it counts on the page that the row leads to.
_ROWS: list[tuple[str, str, Callable[[list[str]], int]]] = [
    ("/msp/training", "Batches", len),
    ("/msp/training", "Courses", _sum_of("Courses")),
    ("/msp/training/{org_id}", "Courses", len),
    ("/msp/rollouts", "Clients", len),
    ("/orgs/{org_id}", "Courses", len),
    ("/orgs/{org_id}/training", "Courses", len),
    ("/orgs/{org_id}/trainings", "Sessions", len),
]


def test_the_numbers_of_a_row_are_those_of_the_page_that_it_leads_to(world: World, made: Everything) -> None:
    browser = Browser(world).has_session_of(made.admin)
    for path, column, count in _ROWS:
        shown = []
        for row in _rows(browser, path.format(**made.ids)):
            number = _number(_cell(row, column))
            assert count(_rows(browser, _LINK.findall(row)[0][0].replace("&amp;", "&"))) == number, row
            shown.append(number)
        assert any(shown), (path, column)
