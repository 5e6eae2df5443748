"""Anchors: where each chain ended, written once a day into a bucket in which nothing can be changed (object lock).

Whoever can write to the tables could replace a chain from some entry on, and its head with it. The anchors that were
written since then tell.
"""

from datetime import datetime, timedelta

from pydantic import ValidationError

from chalicelib.core.clock import to_text
from chalicelib.jobs import queue
from chalicelib.tenants.audit import store
from chalicelib.tenants.audit.messages import AnchorAudit
from chalicelib.tenants.audit.schemas import Anchor, AnchoredHead

# Once an hour, so that a message that was lost costs an hour.
_MINUTE = 7

# Days that are looked at: anchoring may fail for as long.
_DAYS = 7


def sweep(now: datetime) -> None:
    """Have every tenant anchored that had entries on a day that is over."""
    if now.minute != _MINUTE:
        return
    for ago in range(1, _DAYS + 1):
        day = to_text(now - timedelta(days=ago))[:10]
        queue.send(AnchorAudit(tenant_pk=tenant_pk, day=day) for tenant_pk in store.tenants_to_anchor(day))


def run(job: AnchorAudit, now: datetime) -> None:
    """Any number of times: what is written first stays."""
    from chalicelib.aws.files import anchors

    heads = store.ends(job.tenant_pk).heads
    anchor = Anchor(
        tenant=job.tenant_pk,
        at=to_text(now),
        heads={str(chain): AnchoredHead(number=int(head.number), hash=head.hash) for chain, head in heads.items()},
    )
    anchors().write_once(f"{_folder(job.tenant_pk)}{job.day}.json", anchor.model_dump_json().encode())
    store.anchored(job.tenant_pk, job.day)


def latest(tenant_pk: str) -> Anchor | None:
    """The latest; None before the first. Of one that somebody wrote over, what was written first."""
    from chalicelib.aws.files import anchors

    content = anchors().read_last(_folder(tenant_pk))
    return None if content is None else Anchor.model_validate_json(content)


def written(tenant_pk: str, after: str | None, limit: int) -> list[tuple[str, Anchor | None]]:
    """The tenant's anchors behind this file, the earliest first, each with its file, as it was first written.

    None is one that nobody of us wrote.
    """
    from chalicelib.aws.files import anchors

    versions = anchors().first_versions(_folder(tenant_pk), after, limit)
    return [(version.key, _read(anchors().read_version(version))) for version in versions]


def _read(content: bytes) -> Anchor | None:
    try:
        return Anchor.model_validate_json(content)
    except ValidationError:
        return None


def _folder(tenant_pk: str) -> str:
    return f"audit/{tenant_pk.replace('#', '-')}/"
