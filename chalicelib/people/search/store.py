"""Reads and writes of counts and of kept filters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.jobs import due
from chalicelib.people.search.messages import CountSearch
from chalicelib.people.search.models import (
    KeptFilter,
    SearchCount,
    kept_filter_ref,
    kept_filter_sk,
    search_count_ref,
)
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.structure import store as structure_store

LIFETIME = timedelta(hours=1)


def begin_count(job: CountSearch, filter_: object, within: object, now: datetime) -> None:
    """Keep what to count, with its due entry. Its id is new, or it was an earlier try."""
    ref = search_count_ref(job.org_id, job.search_id)
    item = SearchCount(
        ref.pk, ref.sk, filter=filter_, within=within, made_at=to_text(now),
        ttl=int((now + LIFETIME).timestamp()),
    )  # fmt: skip
    table.transact([put_new(item), due.write(job)])


def count(org_id: str, search_id: str, now: datetime) -> SearchCount | None:
    """None once its hour is over, though TTL deletes late."""
    ref = search_count_ref(org_id, search_id)
    item = table.get(SearchCount, ref.pk, ref.sk)
    return item if item is not None and to_instant(item.made_at) + LIFETIME > now else None


def finish_count(job: CountSearch, num_matching: int) -> None:
    """A number that is there stays, and the item once it is gone."""
    ref = search_count_ref(job.org_id, job.search_id)
    is_missing = SearchCount.pk.exists() & SearchCount.num_matching.does_not_exist()
    number = Write("update", SearchCount(ref.pk, ref.sk), is_missing, (SearchCount.num_matching.set(num_matching),))
    try:
        table.transact([number, due.done(job)])
    except ConditionFailed:
        due.close(job)


def kept_filter(org_id: str, filter_id: str) -> KeptFilter | None:
    ref = kept_filter_ref(org_id, filter_id)
    return table.get(KeptFilter, ref.pk, ref.sk)


def kept_filters(org_id: str, limit: int, after: str | None) -> Page[KeptFilter]:
    return table.query(KeptFilter, org_pk(org_id), prefix=kept_filter_sk(""), limit=limit, after=after, consistent=True)


def create_filter_writes(org_id: str, item: KeptFilter) -> list[Write]:
    """ConditionFailed with index 0 when the id is taken, 1 when the owner has another filter of this name."""
    return [put_new(item), structure_store.reserve_name(org_id, _kind(item), item.name, item.filter_id)]


def change_filter_writes(org_id: str, item: KeptFilter, name: str, filter_: object) -> list[Write]:
    """ConditionFailed with index 0 when it changed since it was read, 1 when the name is taken."""
    actions = (KeptFilter.name.set(name), KeptFilter.filter.set(filter_), KeptFilter.revision.add(1))
    writes = [Write("update", item, KeptFilter.revision == item.revision, actions)]
    if name != item.name:
        writes += [
            structure_store.reserve_name(org_id, _kind(item), name, item.filter_id),
            structure_store.release_name(org_id, _kind(item), item.name),
        ]
    return writes


def delete_filter_writes(org_id: str, item: KeptFilter) -> Sequence[Write]:
    """ConditionFailed with index 0 when it changed since it was read."""
    return [
        Write("delete", item, KeptFilter.revision == item.revision),
        structure_store.release_name(org_id, _kind(item), item.name),
    ]


def _kind(item: KeptFilter) -> str:
    """Names are unique among the filters of one account: nobody learns what others call theirs."""
    return f"filter:{item.account_id}"
