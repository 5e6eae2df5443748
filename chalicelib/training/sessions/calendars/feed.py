"""A person's live trainings as a calendar to subscribe to, under an address that only they know."""

import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import short_hash, time_of
from chalicelib.core.settings import settings
from chalicelib.core.settle import until_settled
from chalicelib.training.sessions import local_times, my_store, participant_store, places
from chalicelib.training.sessions.calendars import feed_store
from chalicelib.training.sessions.calendars.calendar_file import FeedEntry, feed_file
from chalicelib.training.sessions.my_store import Own
from chalicelib.training.sessions.my_trainings import memberships_of
from chalicelib.training.sessions.participants import shown_status
from chalicelib.training.sessions.states import SEATED, ParticipantStatus
from chalicelib.training.sessions.tell import sequence_of

# Past sessions and cancelled ones stay for so long.
_KEPT_FOR = timedelta(days=30)
_MOST = 500
# A file is kept for so long, in bytes of an item, which has 400 KB.
_KEPT_AT_MOST = timedelta(days=1)
_MOST_KEPT = 350_000
_SECRET_BYTES = 24


def address(account_id: str) -> str | None:
    """None before the first one was made."""
    found = feed_store.feed(account_id)
    return _address(found.token) if found else None


def renew(account_id: str, seed: str, now: datetime) -> str:
    """A new address; the old one dies. The same request again, by its `seed`, gives the same address."""

    def step() -> str:
        before = feed_store.feed(account_id)
        if before is not None and before.token.startswith(f"{seed}-"):
            return str(before.token)
        token = f"{seed}-{secrets.token_urlsafe(_SECRET_BYTES)}"
        feed_store.renew(account_id, before, token, now)
        return token

    return _address(until_settled(step))


def calendar_of(token: str, now: datetime) -> tuple[str, str]:
    """The feed and its ETag, which stays until something changes. Raises NotFound.

    One call while the file is good that was kept: until something is announced (`feed_changes`), time alone changes
    it, or a day has passed.
    """
    owner, file = feed_store.token_and_file(token)
    if owner is None:
        raise NotFound("There is no such calendar")
    settles_at, now_text = owner.changing_until or "", to_text(now)
    if file is not None and settles_at <= file.made_at and now_text < file.fresh_until:
        text = zlib.decompress(file.deflated).decode()
    else:
        owns = my_store.own(memberships_of(owner.account_id), _MOST)
        text = feed_file([_entry(one, now) for one in owns if _is_shown(one, now)], "Trainings", settings().mail_from)
        deflated = zlib.compress(text.encode())
        if settles_at <= now_text and len(deflated) <= _MOST_KEPT:
            feed_store.keep(token, deflated, now_text, _fresh_until(owns, now))
    return text, f'"{short_hash(text)}"'


def _fresh_until(owns: Iterable[Own], now: datetime) -> str:
    """When time alone changes the file; a day at most, for what nobody announces: a description, an organization."""
    moments = [to_text(now + _KEPT_AT_MOST)]
    for own in owns:
        ends = (own.session.ends_utc, own.session.cancelled_at, own.participant.cancelled_at)
        moments += [own.participant.visible_from, own.session.starts_utc]
        moments += [to_text(to_instant(end) + _KEPT_FOR) for end in ends if end]
    return min(moment for moment in moments if moment > to_text(now))


def _word(status: ParticipantStatus, *, has_begun: bool) -> Literal["CANCELLED", "TENTATIVE", "CONFIRMED"]:
    """What has begun is not tentative any more, so that no attendance that is entered has to be announced."""
    if status == ParticipantStatus.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if status == ParticipantStatus.INVITED and not has_begun else "CONFIRMED"


def _changed(own: Own) -> datetime:
    """The latest of what changed the entry: some programs take no other as an update."""
    session, participant = own.session, own.participant
    changes = (
        session.changed_at, session.cancelled_at, participant.answered_at, participant.cancelled_at,
        participant.moved_at,
    )  # fmt: skip
    return max([time_of(participant.participation_id), *(to_instant(change) for change in changes if change)])


def _address(token: str) -> str:
    return f"{settings().public_url}/calendar/{token}"


def _is_shown(own: Own, now: datetime) -> bool:
    session, participant = own.session, own.participant
    if not participant_store.is_visible(participant, now):
        return False
    status = shown_status(participant, session)
    if status == ParticipantStatus.CANCELLED:
        # Who never had an entry has none to lose.
        cancelled_at = participant.cancelled_at or session.cancelled_at
        return participant.first_told is not None and bool(cancelled_at and cancelled_at > to_text(now - _KEPT_FOR))
    return status in SEATED and session.ends_utc > to_text(now - _KEPT_FOR)


def _entry(own: Own, now: datetime) -> FeedEntry:
    session, participant = own.session, own.participant
    status = shown_status(participant, session)
    lines = [own.org.name, local_times.in_words(session.starts_utc, session.ends_utc, session.time_zone)]
    lines += [f"Instructor: {session.instructor}"] if session.instructor else []
    lines += [f"Join: {session.web_link}"] if session.web_link else []
    lines += ["", own.training.description] if own.training.description else []
    return FeedEntry(
        uid=f"{participant.participation_id}@{settings().mail_from.rpartition('@')[2]}",
        sequence=sequence_of(session, participant),
        starts_utc=session.starts_utc,
        ends_utc=session.ends_utc,
        title=own.training.title,
        description="\n".join(lines),
        location=session.place or session.web_link or "",
        url=session.web_link,
        status=_word(status, has_begun=places.has_started(session, now)),
        changed=_changed(own),
    )
