"""Mails and their lanes: every read and every conditional write."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Action, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settings import settings
from chalicelib.notifications.models import (
    LANES_PK,
    MAIL_SK,
    NEWS_PREFIX,
    NUM_CLAIMED_SHARDS,
    Claimed,
    EarlyNews,
    Lane,
    Mail,
    Posted,
    Waiting,
    claimed_item,
    claimed_pk,
    lane_pk,
    mail_pk,
    posted_pk,
)
from chalicelib.notifications.states import PENDING_RANK, SENDING_RANK, SENT_RANK, MailState, News

# What became of a mail stays to be asked for longer than a year's training.
KEPT_FOR = timedelta(days=400)

# News of messages that are not ours (Cognito sends as the same identity) goes soon.
_EARLY_NEWS_KEPT_FOR = timedelta(days=7)

_TRIES = 4


def new_mail(mail_id: str, kind: str, lane: str, about: Mapping[str, str], now: datetime) -> Mail:
    return Mail(
        mail_pk(mail_id),
        MAIL_SK,
        mail_id=mail_id,
        kind=kind,
        lane=lane,
        about=dict(about),
        state=MailState.PENDING.value,
        rank=PENDING_RANK,
        created_at=to_text(now),
        ttl=int((now + KEPT_FOR).timestamp()),
    )


def mail_writes(mail: Mail) -> list[Write]:
    """For the transaction of the event itself. ConditionFailed when the mail is there already."""
    waiting = Waiting(lane_pk(mail.lane), mail.mail_id, mail_id=mail.mail_id, lane=mail.lane)
    return [put_new(mail), Write("put", waiting), _open_lane(mail.lane)]


def writes_of_mails(mails: Sequence[Mail]) -> list[Write]:
    """The same for several mails of one lane."""
    if not mails:
        return []
    waiting = [Waiting(lane_pk(mail.lane), mail.mail_id, mail_id=mail.mail_id, lane=mail.lane) for mail in mails]
    return [*map(put_new, mails), *(Write("put", item) for item in waiting), _open_lane(mails[0].lane)]


def insert_mails(mails: Sequence[Mail]) -> None:
    """Many of one lane, create-only. Doing it again makes none twice, and ends what an earlier try left half done."""
    if not mails:
        return
    outcomes = bulk.insert_new(settings().outbox_table, [mail.serialize() for mail in mails])
    met = [mail for mail, outcome in zip(mails, outcomes, strict=True) if outcome != bulk.CREATED]
    known = table.batch_get([(Mail, *mail.key) for mail in met]) if met else {}
    # A mail that was refused for good is not there: then the whole batch comes again, until an operator sees it.
    if len(known) < len(met):
        raise ConditionFailed()
    sent = {key for key, item in known.items() if isinstance(item, Mail) and item.state != MailState.PENDING}
    left = [mail for mail in mails if mail.key not in sent]
    if not left:
        return
    waiting = [Waiting(lane_pk(mail.lane), mail.mail_id, mail_id=mail.mail_id, lane=mail.lane) for mail in left]
    bulk.insert_new(settings().outbox_table, [item.serialize() for item in waiting])
    table.transact([_open_lane(left[0].lane)])


def mail(mail_id: str) -> Mail | None:
    return table.get(Mail, mail_pk(mail_id), MAIL_SK)


def mails_by_id(mail_ids: Iterable[str]) -> dict[str, Mail]:
    found = table.batch_get([(Mail, mail_pk(mail_id), MAIL_SK) for mail_id in mail_ids], consistent=False)
    return {item.mail_id: item for item in found.values() if isinstance(item, Mail)}


# ---------------------------------------------------------------- lanes


def _open_lane(lane: str) -> Write:
    return Write("update", Lane(LANES_PK, lane), actions=(Lane.revision.add(1),))


def lanes() -> dict[str, int]:
    """The revision of each lane in which somebody may wait."""
    return {lane.sk: int(lane.revision) for lane in table.query_all(Lane, LANES_PK)}


def waiting(lane: str, limit: int, after: str | None = None) -> list[Waiting]:
    return list(table.query(Waiting, lane_pk(lane), limit=limit, after=after, consistent=True).items)


def close_lane(lane: str, revision: int) -> None:
    """Forget a lane that was found empty, unless a mail came since its revision was read."""
    try:
        table.transact([Write("delete", Lane(LANES_PK, lane), Lane.revision == revision)])
    except ConditionFailed:
        return


# ---------------------------------------------------------------- one attempt


def claim(entry: Waiting, attempt: str, now: datetime) -> Mail | None:
    """Take the mail out of its lane, for this attempt alone. None when it is not to be had any more."""
    claimed_at = to_text(now)
    actions = (
        Mail.state.set(MailState.SENDING.value),
        Mail.rank.set(SENDING_RANK),
        Mail.attempt.set(attempt),
        Mail.claimed_at.set(claimed_at),
    )
    known = Mail(mail_pk(entry.mail_id), MAIL_SK)
    try:
        table.transact(
            [
                Write("update", known, Mail.state == MailState.PENDING, actions),
                Write("delete", entry),
                Write("put", claimed_item(entry.mail_id, claimed_at)),
            ]
        )
    except ConditionFailed:
        _drop_stale(entry)
        return None
    return mail(entry.mail_id)


def _drop_stale(entry: Waiting) -> None:
    """An entry whose mail is claimed or gone is of no use to anybody."""
    not_pending = Mail.pk.does_not_exist() | (Mail.state != MailState.PENDING)
    try:
        table.transact([Write("check", Mail(mail_pk(entry.mail_id), MAIL_SK), not_pending), Write("delete", entry)])
    except ConditionFailed:
        return


def release(claimed: Mail) -> None:
    """Back into its lane, for this attempt sent nothing. Nothing happens when it is another attempt's by now."""
    mine = (Mail.attempt == claimed.attempt) & (Mail.state == MailState.SENDING)
    actions = (
        Mail.state.set(MailState.PENDING.value),
        Mail.rank.set(PENDING_RANK),
        Mail.attempt.remove(),
        Mail.claimed_at.remove(),
    )
    waiting = Waiting(lane_pk(claimed.lane), claimed.mail_id, mail_id=claimed.mail_id, lane=claimed.lane)
    try:
        table.transact(
            [
                Write("update", Mail(*claimed.key), mine, actions),
                Write("put", waiting),
                _open_lane(claimed.lane),
                *_unclaim(claimed),
            ]
        )
    except ConditionFailed:
        return


def sent(claimed: Mail, message_id: str, now: datetime) -> bool:
    """SES took it. What SES told of it in the meantime counts too; True when it told something."""
    posted = Posted(posted_pk(message_id), MAIL_SK, mail_id=claimed.mail_id, ttl=int((now + KEPT_FOR).timestamp()))
    known, noted = Mail(*claimed.key), (Mail.message_id.set(message_id), Mail.to_hash.set(claimed.to_hash or ""))
    as_sent = (Mail.state.set(MailState.SENT.value), Mail.rank.set(SENT_RANK), Mail.reason.remove(), *noted)
    rest = [Write("put", posted), *_unclaim(claimed)]
    try:
        table.transact([Write("update", known, Mail.rank < SENT_RANK, as_sent), *rest])
    except ConditionFailed:
        # SES's news of it was faster, by the header that names the mail.
        table.transact([Write("update", known, Mail.pk.exists(), noted), *rest])
    told = table.query_all(EarlyNews, posted_pk(message_id), prefix=NEWS_PREFIX)
    for early in told:
        learn(claimed.mail_id, News(MailState(early.state), int(early.rank), early.reason))
    return bool(told)


def _unclaim(claimed: Mail) -> list[Write]:
    return [Write("delete", claimed_item(claimed.mail_id, claimed.claimed_at))] if claimed.claimed_at else []


# ---------------------------------------------------------------- news


def learn(mail_id: str, news: News) -> bool:
    """Note what became of a mail, unless more is known already. False when there is no such mail."""
    for _ in range(_TRIES):
        known = mail(mail_id)
        if known is None:
            return False
        if known.rank >= news.rank:
            return True
        actions: list[Action] = [Mail.state.set(news.state.value), Mail.rank.set(news.rank)]
        actions.append(Mail.reason.remove() if news.reason is None else Mail.reason.set(news.reason[:500]))
        condition = (Mail.rank == known.rank) & (Mail.state == known.state)
        try:
            table.transact([Write("update", Mail(*known.key), condition, tuple(actions)), *_unclaim(known)])
        except ConditionFailed:
            continue
        return True
    raise ConditionFailed()


def mail_of_message(message_id: str) -> str | None:
    found = table.get(Posted, posted_pk(message_id), MAIL_SK)
    return found.mail_id if found else None


def keep_early(message_id: str, news: News, now: datetime) -> None:
    """News of a message whose id nobody noted yet; `sent` looks for it after noting the id."""
    early = EarlyNews(
        posted_pk(message_id),
        f"{NEWS_PREFIX}{news.rank}",
        state=news.state.value,
        rank=news.rank,
        reason=news.reason,
        ttl=int((now + _EARLY_NEWS_KEPT_FOR).timestamp()),
    )
    table.transact([Write("put", early)])


def left_lying(before: datetime, limit: int) -> Iterable[Claimed]:
    """Mails claimed before this instant and not settled since."""
    for shard in range(NUM_CLAIMED_SHARDS):
        yield from table.query_until(Claimed, claimed_pk(shard), f"{to_text(before)}#~", limit)
