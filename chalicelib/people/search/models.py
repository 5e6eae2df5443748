"""Items of searches: counts that are jobs, and filters that are kept."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, OutboxItem
from chalicelib.aws.table import Ref
from chalicelib.tenants.access.models import org_pk


class SearchCount(OutboxItem):
    """`SEARCH#<org>#<id>` / `COUNT`: how many match, once it is counted. It lives an hour.

    `filter` and `within` are what the caller asked, and the departments that they are limited to.
    """

    PERSONAL = frozenset({"filter"})

    filter = JSONAttribute()
    within = JSONAttribute(null=True)
    made_at = UnicodeAttribute()
    num_matching = NumberAttribute(null=True)
    ttl = NumberAttribute()


def search_count_ref(org_id: str, search_id: str) -> Ref[SearchCount]:
    return Ref(SearchCount, f"SEARCH#{org_id}#{search_id}", "COUNT")


class KeptFilter(CoreItem):
    """`ORG#o` / `FILTER#f`: a `schemas.Filter` under a name, of the account that made it."""

    PERSONAL = frozenset({"filter"})

    filter_id = UnicodeAttribute()
    name = UnicodeAttribute()
    filter = JSONAttribute()
    account_id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    revision = NumberAttribute(default=1)


def kept_filter_ref(org_id: str, filter_id: str) -> Ref[KeptFilter]:
    return Ref(KeptFilter, org_pk(org_id), kept_filter_sk(filter_id))


def kept_filter_sk(filter_id: str) -> str:
    return f"FILTER#{filter_id}"
