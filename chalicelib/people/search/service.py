"""Advanced search over HTTP: a page of whoever matches, with their number."""

from datetime import datetime
from typing import Literal

from chalicelib.core.clock import to_text
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import derived_id, new_id
from chalicelib.jobs import due, queue
from chalicelib.people.members.service import members_out
from chalicelib.people.search import kept_filters, store
from chalicelib.people.search.messages import CountSearch
from chalicelib.people.search.schemas import MAX_COUNT, MORE, Filter, SearchOut, SearchPage
from chalicelib.people.search.search import Counted, Search, criteria_of
from chalicelib.tenants.access.service import Scope
from chalicelib.web.paging import Pager, invalid_cursor

# People whom a request looks at to count: ten calls, or one query.
_LOOKS = 1_000

# And one message of the job: some seconds of reads.
_LOOKS_PER_MESSAGE = 10_000


def page(scope: Scope, asked: Filter, pager: Pager, now: datetime) -> SearchPage:
    """The number is counted with the first page, and goes with its cursors. Raises NotFound for an unknown filter."""
    filter_ = kept_filters.resolved(scope, asked)
    search = Search(scope.org, criteria_of(scope.org, filter_, scope.department_ids))
    if pager.position is None:
        number, search_id = _count(scope, filter_, search, now)
        position = None
    else:
        number, search_id, position = _read(pager.position)
    members = search.page(pager.limit, position)
    following = None if members.next_position is None else f"{number}|{search_id}|{members.next_position}"
    return SearchPage(
        items=members_out(members.items, now),
        next_cursor=pager.cursor(following),
        num_matching=_shown(number),
        search_id=search_id or None,
    )


def number_of(scope: Scope, search_id: str, now: datetime) -> SearchOut:
    """Of a count that is a job. Raises NotFound for who reaches other people, and once its hour is over."""
    item = store.count(scope.org, search_id, now)
    if item is None or item.within != _within(scope):
        raise NotFound("This search is over an hour old")
    if item.num_matching is None:
        return SearchOut(search_id=search_id, status="counting", num_matching=None)
    return SearchOut(search_id=search_id, status="ready", num_matching=_shown(str(int(item.num_matching))))


def count_on(job: CountSearch, now: datetime) -> None:
    """Count the next people, and send a message for those after them. Any number of times."""
    if not due.is_current(job):
        return
    item = store.count(job.org_id, job.search_id, now)
    if item is None or item.num_matching is not None:
        due.close(job)
        return
    within = None if item.within is None else frozenset(item.within)
    criteria = criteria_of(job.org_id, Filter.model_validate(item.filter), within)
    counted = Search(job.org_id, criteria).count(_LOOKS_PER_MESSAGE, Counted(job.num_matching, job.position or ""))
    if counted.position is None:
        store.finish_count(job, counted.num_matching)
        return
    following = due.advance(job, counted.position, now, num_matching=counted.num_matching)
    if following is not None:
        queue.send_soon(following)


def _count(scope: Scope, filter_: Filter, search: Search, now: datetime) -> tuple[str, str]:
    """The number as text, and no id; or no number yet, and the id of the job that counts."""
    counted = Counted() if search.is_wide else search.count(_LOOKS)
    if counted.position is None:
        return str(counted.num_matching), ""
    search_id = derived_id(new_id(now), scope.account_id)
    # It begins at the start: its due entry does.
    job = CountSearch(msp_id=scope.msp_id, org_id=scope.org, search_id=search_id, due_at=to_text(now))
    store.begin_count(job, filter_.model_dump(mode="json", exclude_defaults=True), _within(scope), now)
    queue.send_soon(job)
    return "", search_id


def _within(scope: Scope) -> list[str] | None:
    return None if scope.department_ids is None else sorted(scope.department_ids)


def _read(position: str) -> tuple[str, str, str]:
    """What the cursor of an earlier page says."""
    number, _, rest = position.partition("|")
    search_id, _, following = rest.partition("|")
    if not following or not ((number.isdecimal() and len(number) <= 6) or (not number and search_id)):
        raise invalid_cursor()
    return number, search_id, following


def _shown(number: str) -> int | Literal["10000+"] | None:
    if not number:
        return None
    return MORE if int(number) > MAX_COUNT else int(number)
