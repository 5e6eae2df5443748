"""Reads and writes of the join page and of requests to join."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.notifications.models import MAIL_SK, Mail, mail_pk
from chalicelib.people.accounts import mailed_code_store
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.models import JoinPage, join_page_ref
from chalicelib.people.join_page.models import (
    REQUEST_SK,
    SLUG_SK,
    JoinRequest,
    JoinSlug,
    request_pk,
    slug_pk,
)
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.tenants.structure.models import Group, Location, group_sk, location_sk
from chalicelib.tenants.structure.store import group_check

# Longer than any code is good. DynamoDB deletes the item up to two days later.
REQUEST_KEPT_FOR = timedelta(days=1)


def change_writes(msp_id: str, org_id: str, before: JoinPage, after: JoinPage) -> list[Write]:
    """ConditionFailed with index 0 when the page changed since it was read, with 1 when the new address is taken."""
    unchanged = JoinPage.revision == before.revision if before.revision else JoinPage.pk.does_not_exist()
    after.revision = before.revision + 1
    writes = [Write("put", after, unchanged)]
    if after.slug != before.slug:
        if after.slug:
            writes.append(put_new(JoinSlug(slug_pk(after.slug), SLUG_SK, msp_id=msp_id, org_id=org_id)))
        if before.slug:
            writes.append(Write("delete", JoinSlug(slug_pk(before.slug), SLUG_SK), JoinSlug.org_id == org_id))
    return writes


def owner_of(slug: str) -> JoinSlug | None:
    return table.get(JoinSlug, slug_pk(slug), SLUG_SK)


def org_and_page(owner: JoinSlug) -> tuple[Org | None, JoinPage | None]:
    return table.fetch(org_ref(owner.msp_id, owner.org_id), join_page_ref(owner.org_id))


def has_group(org_id: str) -> bool:
    return bool(table.query(Group, org_pk(org_id), prefix=group_sk(""), limit=1, consistent=True).items)


def choice_checks(org_id: str, group_id: str, location_id: str | None) -> list[Write]:
    """ConditionFailed when the group, or the location, was deleted meanwhile."""
    writes = [group_check(org_id, group_id)]
    if location_id:
        writes.append(Write("check", Location(org_pk(org_id), location_sk(location_id)), Location.pk.exists()))
    return writes


def choice_exists(org_id: str, group_id: str, location_id: str | None) -> bool:
    """Whether the group and the location still exist."""
    choices: list[tuple[type[Group] | type[Location], str, str]] = [(Group, org_pk(org_id), group_sk(group_id))]
    if location_id:
        choices.append((Location, org_pk(org_id), location_sk(location_id)))
    return len(table.batch_get(choices)) == len(choices)


def request_write(
    msp_id: str, org_id: str, request_id: str, email: str, group_id: str, location_id: str | None, now: datetime
) -> Write:
    item = JoinRequest(
        request_pk(request_id), REQUEST_SK, request_id=request_id, msp_id=msp_id, org_id=org_id, email=email,
        group_id=group_id, location_id=location_id, created_at=to_text(now), link_seed=tokens.new_secret(),
        ttl=int((now + REQUEST_KEPT_FOR).timestamp()),
    )  # fmt: skip
    return put_new(item)


def request(request_id: str) -> JoinRequest | None:
    return table.get(JoinRequest, request_pk(request_id), REQUEST_SK)


def set_code(request: JoinRequest, code_hash: str, now: datetime) -> bool:
    """False when the request is gone, or its code was entered before."""
    is_open = JoinRequest.pk.exists() & JoinRequest.joined_at.does_not_exist()
    return mailed_code_store.set_code(request, code_hash, now, is_open)


def count_try(request: JoinRequest) -> bool:
    """False after too many tries."""
    return mailed_code_store.count_try(request, JoinRequest.pk.exists())


def joined_write(request: JoinRequest, now: datetime) -> Write:
    """The code may be entered again; earlier tries no longer count."""
    actions = (JoinRequest.joined_at.set(to_text(now)), JoinRequest.num_tries.set(0))
    same = JoinRequest.code_hash == request.code_hash
    return Write("update", JoinRequest(*request.key), same, actions)


def mail_write(request: JoinRequest, mail_id: str, member_id: str) -> Write:
    """Make the code's mail one about this member: a complaint about it then blocks further mail to the member."""
    about = {
        "msp_id": request.msp_id,
        "org_id": request.org_id,
        "request_id": request.request_id,
        "member_id": member_id,
    }
    return Write("update", Mail(mail_pk(mail_id), MAIL_SK), Mail.pk.exists(), (Mail.about.set(about),))


def put_request(request: Write, mail: Sequence[Write]) -> None:
    """ConditionFailed when there is a request of this id."""
    table.transact([request, *mail])


def commit(writes: Sequence[Write]) -> None:
    table.transact(writes)
