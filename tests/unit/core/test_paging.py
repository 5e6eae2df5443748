"""Pages and cursors."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.core.paging import Page, filtered_page
from chalicelib.web import paging
from chalicelib.web.paging import PageQuery, Pager


@pytest.fixture(scope="module", autouse=True)
def _key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "cursor_key", lambda: b"k" * 32)
        yield


def read_by(items: Sequence[int], size: int) -> "list[Page[int]]":
    """A store over numbers in order; a position is the number that was last."""
    return [
        Page(items[start : start + size], str(items[start + size - 1]) if start + size < len(items) else None)
        for start in range(0, len(items), size)
    ] or [Page([], None)]


def pages(numbers: Sequence[int], size: int, limit: int, max_reads: int, keep: set[int]) -> list[list[int]]:
    """All pages that a caller would get."""
    found: list[list[int]] = []
    position: str | None = None
    while True:

        def read(after: str | None) -> Page[int]:
            rest = [number for number in numbers if after is None or number > int(after)]
            return read_by(rest, size)[0]

        page = filtered_page(read, keep.__contains__, str, limit, position, max_reads)
        assert len(page.items) <= limit
        found.append(list(page.items))
        position = page.next_position
        if position is None:
            return found


@given(
    numbers=st.lists(st.integers(0, 200), unique=True).map(sorted),
    size=st.integers(1, 7),
    limit=st.integers(1, 5),
    max_reads=st.integers(1, 3),
    keep=st.sets(st.integers(0, 200)),
)
def test_every_item_that_is_kept_comes_exactly_once_and_in_order(
    numbers: list[int], size: int, limit: int, max_reads: int, keep: set[int]
) -> None:
    found = [number for page in pages(numbers, size, limit, max_reads, keep) for number in page]
    assert found == [number for number in numbers if number in keep]


def test_a_page_that_finds_nothing_in_its_reads_says_where_to_go_on() -> None:
    assert pages(range(6), 1, 5, 2, {5}) == [[], [], [5]]


def test_a_last_page_that_is_full_is_known_to_be_the_last() -> None:
    assert pages(range(4), 4, 2, 1, {0, 1, 2, 3}) == [[0, 1], [2, 3]]


def test_a_cursor_comes_back_as_its_position() -> None:
    cursor = Pager("ann", "clients", PageQuery()).cursor("ORG#1")
    assert Pager("ann", "clients", PageQuery(cursor=cursor)).position == "ORG#1"


@pytest.mark.parametrize(("caller", "name"), [("bob", "clients"), ("ann", "groups")])
def test_a_cursor_is_bound_to_its_caller_and_its_list(caller: str, name: str) -> None:
    cursor = Pager("ann", "clients", PageQuery()).cursor("ORG#1")
    with pytest.raises(Invalid):
        Pager(caller, name, PageQuery(cursor=cursor))


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_reading_of_a_cursor(text: str) -> None:
    if text:
        with pytest.raises(Invalid):
            Pager("ann", "clients", PageQuery(cursor=text))
