"""Mails and the tenants' mail queues: every read and every conditional write."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settings import settings
from chalicelib.notifications.models import (
    MAIL_SK,
    NUM_CLAIM_SHARDS,
    QUEUES_PK,
    Mail,
    MailClaim,
    OpenQueue,
    QueuedMail,
    TenantQueue,
    claim_pk,
    mail_pk,
    mail_ref,
    queue_pk,
    queue_shard,
)
from chalicelib.notifications.states import (
    PENDING_RANK,
    SENDING_RANK,
    SENT_RANK,
    UNKNOWN,
    DeliveryEvent,
    MailState,
    Turn,
)

# Admins can ask for the outcome of a mail for longer than a year's training.
KEPT_FOR = timedelta(days=400)

# Longer than any time-out, and than the minutes that SES's notification may take.
IN_DOUBT_AFTER = timedelta(minutes=15)


def new_mail(mail_id: str, kind: str, queue: str, about: Mapping[str, str], now: datetime) -> Mail:
    return Mail(
        mail_pk(mail_id),
        MAIL_SK,
        mail_id=mail_id,
        kind=kind,
        queue=queue,
        about=dict(about),
        state=MailState.PENDING.value,
        rank=PENDING_RANK,
        created_at=to_text(now),
        correlation_id=observability.correlation_id(),
        ttl=int((now + KEPT_FOR).timestamp()),
    )


def mail_writes(mails: Sequence[Mail]) -> list[Write]:
    """Mails of one queue, for the transaction of their event. ConditionFailed when one exists."""
    if not mails:
        return []
    return [*map(put_new, mails), *(Write("put", _queued(mail)) for mail in mails), _open_queue(mails)]


def insert_mails(mails: Sequence[Mail]) -> None:
    """Many mails of one queue, create-only. Doing it again is harmless and completes an earlier, interrupted try."""
    if not mails:
        return
    outcomes = bulk.insert_new(settings().outbox_table, [mail.serialize() for mail in mails])
    not_created = [mail for mail, outcome in zip(mails, outcomes, strict=True) if outcome != bulk.CREATED]
    existing = table.fetch_all(mail_ref(mail.mail_id) for mail in not_created)
    # An insert that DynamoDB refused for good: the whole batch fails again, until an operator sees it.
    if len(existing) < len(not_created):
        raise ConditionFailed()
    sent = {mail.key for mail in existing if mail.state != MailState.PENDING}
    pending = [mail for mail in mails if mail.key not in sent]
    if not pending:
        return
    bulk.insert_new(settings().outbox_table, [_queued(mail).serialize() for mail in pending])
    table.transact([_open_queue(pending)])


def mail(mail_id: str) -> Mail | None:
    return table.get(Mail, mail_pk(mail_id), MAIL_SK)


def mails_by_id(mail_ids: Iterable[str]) -> dict[str, Mail]:
    mails = table.fetch_all((mail_ref(mail_id) for mail_id in mail_ids), consistent=False)
    return {mail.mail_id: mail for mail in mails}


# ---------------------------------------------------------------- queues


def _queued(mail: Mail) -> QueuedMail:
    pk = queue_pk(mail.queue, queue_shard(mail.mail_id))
    return QueuedMail(pk, mail.mail_id, mail_id=mail.mail_id, queue=mail.queue)


def _open_queue(mails: Sequence[Mail]) -> Write:
    """For mails of one queue."""
    shards = {queue_shard(mail.mail_id) for mail in mails}
    actions = (TenantQueue.revision.add(1), TenantQueue.shards.add(shards))
    return Write("update", TenantQueue(QUEUES_PK, mails[0].queue), actions=actions)


def open_queues() -> dict[str, OpenQueue]:
    """The queues that may hold mail."""
    return {
        queue.sk: OpenQueue(int(queue.revision), tuple(sorted(map(int, queue.shards))))
        for queue in table.query_all(TenantQueue, QUEUES_PK)
    }


def queued_mails(queue: str, shard: int, limit: int) -> list[QueuedMail]:
    return list(table.query(QueuedMail, queue_pk(queue, shard), limit=limit, consistent=True).items)


def close_queue(queue: str, revision: int) -> None:
    """Remove a queue that was found empty, unless a mail was queued since its revision was read."""
    try:
        table.delete(TenantQueue(QUEUES_PK, queue), TenantQueue.revision == revision)
    except ConditionFailed:
        return


# ---------------------------------------------------------------- one attempt


def claim(entry: QueuedMail, attempt: str, now: datetime) -> Mail | Turn:
    """Take the mail for this attempt alone. It keeps its place in the queue until it has an outcome.

    HELD while another attempt has it. THROUGH for a mail that has an outcome, or gets none any more: its place goes.
    """
    actions = (
        Mail.state.set(MailState.SENDING.value),
        Mail.rank.set(SENDING_RANK),
        Mail.attempt.set(attempt),
        Mail.claimed_at.set(to_text(now)),
    )
    ref = mail_ref(entry.mail_id)
    claimed = table.update_if(Mail(ref.pk, ref.sk), Mail.state == MailState.PENDING, *actions)
    if claimed is not None:
        return claimed
    found = mail(entry.mail_id)
    if found is not None and found.state == MailState.SENDING:
        if found.attempt == attempt:
            # The answer to the claim was lost.
            return found
        if found.claimed_at and found.claimed_at > to_text(now - IN_DOUBT_AFTER):
            return Turn.HELD
        observability.go_on(found.correlation_id)
        observability.warning("mail outcome stays unknown", mail_id=found.mail_id)
        record(found.mail_id, UNKNOWN)
    if found is None or found.state != MailState.PENDING:
        table.delete(entry)
    return Turn.THROUGH


def release(claimed: Mail) -> None:
    """Let the mail wait in its queue: this attempt sent nothing. No effect when another attempt has it by now."""
    is_ours = (Mail.attempt == claimed.attempt) & (Mail.state == MailState.SENDING)
    actions = (
        Mail.state.set(MailState.PENDING.value),
        Mail.rank.set(PENDING_RANK),
        Mail.attempt.remove(),
        Mail.claimed_at.remove(),
    )
    # Its place is there, unless a worker of an earlier version met it and took it away.
    again = [Write("put", _queued(claimed)), _open_queue([claimed])]
    try:
        table.transact([Write("update", Mail(*claimed.key), is_ours, actions), *again])
    except ConditionFailed:
        return


def record_sent(claimed: Mail, message_id: str, now: datetime) -> None:
    """Record that SES took the mail. An event of SES that came before stays."""
    ids = (Mail.message_id.set(message_id), Mail.to_hash.set(claimed.to_hash or ""))
    as_sent = (Mail.state.set(MailState.SENT.value), Mail.rank.set(SENT_RANK), Mail.reason.remove(), *ids)
    if table.update_if(Mail(*claimed.key), Mail.rank < SENT_RANK, *as_sent) is None:
        table.update_if(Mail(*claimed.key), Mail.pk.exists(), *ids)
    table.delete(_queued(claimed))


def record_unsent(claimed: Mail, event: DeliveryEvent) -> None:
    """Record why this attempt sends nothing, nor any other."""
    record(claimed.mail_id, event)
    table.delete(_queued(claimed))


# ---------------------------------------------------------------- delivery events


def record(mail_id: str, event: DeliveryEvent) -> Mail | None:
    """Record an event, unless one of its rank or a higher one was recorded. Gives the mail as it is then.

    None when there is no such mail.
    """
    actions: list[Action] = [Mail.state.set(event.state.value), Mail.rank.set(event.rank)]
    actions.append(Mail.reason.remove() if event.reason is None else Mail.reason.set(event.reason[:500]))
    return table.update_if(Mail(mail_pk(mail_id), MAIL_SK), Mail.rank < event.rank, *actions) or mail(mail_id)


# ---------------------------------------------------------------- claims of earlier versions


def stuck_claims(before: datetime, limit: int) -> Iterable[MailClaim]:
    """Of mails that an earlier version began to send before this instant: it took them out of their queues."""
    for shard in range(NUM_CLAIM_SHARDS):
        yield from table.query_until(MailClaim, claim_pk(shard), f"{to_text(before)}#~", limit)


def end_claim(claim: MailClaim) -> None:
    table.delete(claim)
