"""Notifications in a person's account: newest first, with the number of unread ones."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from chalicelib.core.ids import last_id
from chalicelib.core.paging import filtered_page
from chalicelib.notifications import notice_store
from chalicelib.notifications.models import Notice
from chalicelib.notifications.notice_schemas import NoticeIds, NoticeOut

_TEXTS = Path(__file__).with_suffix(".toml")

# The number of unread ones is counted among so many.
_COUNTED = 100
_PER_READ, _MAX_READS = 100, 5


def page(account_id: str, unread: bool, limit: int, position: str | None) -> tuple[int, list[NoticeOut], str | None]:
    """The number of unread ones, a page, and where the next one starts."""
    up_to = notice_store.read_up_to(account_id)
    found = filtered_page(
        lambda after: notice_store.notices(account_id, _PER_READ if unread else limit, after),
        lambda notice: not unread or not _is_read(notice, up_to), lambda notice: str(notice.sk), limit, position,
        _MAX_READS,
    )  # fmt: skip
    return num_unread(account_id, up_to), [_out(notice, up_to) for notice in found.items], found.next_position


def newest(account_id: str, limit: int) -> tuple[int, list[NoticeOut]]:
    """The number of unread ones, and the newest, in one call."""
    found, up_to = notice_store.newest(account_id, _COUNTED)
    return sum(not _is_read(notice, up_to) for notice in found), [_out(notice, up_to) for notice in found[:limit]]


def num_unread(account_id: str, up_to: str) -> int:
    newest = notice_store.notices(account_id, _COUNTED, None).items
    return sum(not _is_read(notice, up_to) for notice in newest)


def mark_read(account_id: str, ids: NoticeIds, now: datetime) -> int:
    """The number of unread ones that are left."""
    if ids == "all":
        notice_store.mark_all(account_id, last_id(now))
    else:
        notice_store.mark(account_id, dict.fromkeys(ids), now)
    return num_unread(account_id, notice_store.read_up_to(account_id))


def _is_read(notice: Notice, up_to: str) -> bool:
    return bool(notice.read_at) or notice.notice_id <= up_to


def _out(notice: Notice, up_to: str) -> NoticeOut:
    texts = _texts().get(notice.kind, {})
    facts: Mapping[str, str] = notice.facts
    return NoticeOut(
        notification_id=notice.notice_id,
        kind=notice.kind,
        org_id=notice.org_id,
        link_id=notice.link_id,
        title=texts.get("title", "").format_map(facts),
        text=texts.get("text", "").format_map(facts).strip(),
        created_at=notice.created_at,
        read=_is_read(notice, up_to),
    )


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
