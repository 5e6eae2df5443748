"""Lists to choose from that are longer than a page: searched and turned page by page, while what was chosen stays.

The form names the boxes that it shows (`shown`). What it does not show stays as it was chosen before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core.text import searchable
from chalicelib.portal.visit import Visit

PER_PAGE = 100
_MAX_SEARCH = 200


@dataclass(frozen=True)
class Choosing:
    """One page of what there is; `elsewhere` are the chosen ones that it does not show. Pages are counted from 1."""

    items: Sequence[Any]
    search: str
    page: int
    num_pages: int
    num_found: int
    elsewhere: Sequence[str]


def where(visit: Visit) -> dict[str, Any]:
    """Of a form that searches or turns the page: where to go on, as a query; empty when it does neither."""
    go, _, told = visit.form.one("go").partition(" ")
    search = visit.form.one("search").strip()[:_MAX_SEARCH]
    if go == "search":
        return {"search": search, "page": 1}
    return {"search": visit.form.one("searched")[:_MAX_SEARCH], "page": told} if go == "page" else {}


def choosing(
    items: Iterable[Any], chosen: Sequence[str], id_of: Callable[[Any], str], name_of: Callable[[Any], str],
    search: str, page: str,
) -> Choosing:  # fmt: skip
    """What matches, on the page that is asked for or the nearest that there is."""
    search = search.strip()[:_MAX_SEARCH]
    found = [item for item in items if searchable(search) in searchable(name_of(item))]
    num_pages = max(1, -(-len(found) // PER_PAGE))
    number = min(max(int(page), 1), num_pages) if page.isdecimal() and len(page) < 6 else 1
    on_page = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    shown = {id_of(item) for item in on_page}
    return Choosing(on_page, search, number, num_pages, len(found), [one for one in chosen if one not in shown])


def chosen_after(visit: Visit, field: str, before: Sequence[str]) -> list[str]:
    """What is chosen now: before, in its order, without what was shown and is not ticked; then what is new."""
    ticked = list(dict.fromkeys(visit.form.many(field)))
    shown = set(visit.form.many("shown"))
    kept = [one for one in before if one in ticked or (shown and one not in shown)]
    return [*kept, *(one for one in ticked if one not in kept)]
