"""Answers that calendar programs send by mail (B13): whose they are, whether they count, what becomes of them.

The token in the address decides whose answer it is, not the sender: people answer from aliases. An invitation that
was passed on to a colleague is not answered by them. Nobody is answered, for a sender can be forged.
"""

import re
from datetime import datetime
from enum import StrEnum

from chalicelib.aws.files import files
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.settle import until_settled
from chalicelib.core.text import normalized
from chalicelib.people.members import store as members_store
from chalicelib.training.sessions import answers, local_times, participant_store, places
from chalicelib.training.sessions.answers import Answerer
from chalicelib.training.sessions.calendars import feed_changes
from chalicelib.training.sessions.calendars.reply_parser import MAX_REMARK, Reply, reply_in
from chalicelib.training.sessions.calendars.reply_schemas import Received
from chalicelib.training.sessions.models import Participant, Session
from chalicelib.training.sessions.states import EXPECTED, AnsweredBy, ParticipantStatus
from chalicelib.training.sessions.tell import sequence_of

# Larger mails are not answers of calendar programs.
_MAX_BYTES = 1_000_000

_ADDRESS = re.compile(r"answers\+([0-9a-z]{10,40})@", re.IGNORECASE)


class Outcome(StrEnum):
    COUNTED = "counted"
    # It said what was known, or something earlier than what is known.
    OUTDATED = "outdated"
    # The session is full, off or over.
    REFUSED = "refused"
    NOT_VERIFIED = "not_verified"
    UNKNOWN_ADDRESS = "unknown_address"
    UNREADABLE = "unreadable"
    # It was passed on, and somebody else in the organization answers.
    OTHER_PERSON = "other_person"
    OTHER_EVENT = "other_event"


# The mail says nothing that anybody has to look at.
_DONE = frozenset({Outcome.COUNTED, Outcome.OUTDATED})


def receive(received: Received, now: datetime) -> Outcome:
    """One mail that SES took in and put into the bucket. Handling it twice does no harm.

    A mail that was understood is deleted. Others stay in the bucket until its lifecycle takes them.
    """
    outcome = _outcome(received, now)
    if outcome in _DONE:
        files().delete(received.receipt.action.objectKey)
        observability.info("answer by calendar", outcome=outcome.value)
    else:
        observability.warning("answer by calendar set aside", outcome=outcome.value, message_id=received.mail.messageId)
    return outcome


def _outcome(received: Received, now: datetime) -> Outcome:
    if not received.receipt.is_verified:
        return Outcome.NOT_VERIFIED
    tokens = [found[1].lower() for one in received.receipt.recipients if (found := _ADDRESS.match(one))]
    if not tokens:
        return Outcome.UNKNOWN_ADDRESS
    content = files().read(received.receipt.action.objectKey, _MAX_BYTES)
    if content is None:
        # Another delivery of the same notification was faster.
        return Outcome.OUTDATED
    reply = reply_in(content)
    if reply is None:
        return Outcome.UNREADABLE
    try:
        answerer = answers.by_token(tokens[0], AnsweredBy.CALENDAR)
        return apply(answerer, reply, now)
    except NotFound:
        return Outcome.UNKNOWN_ADDRESS


def apply(answerer: Answerer, reply: Reply, now: datetime) -> Outcome:
    """Raises NotFound for a participation that is over."""
    session, participant = answers.load(answerer)
    if reply.uid and reply.uid.partition("@")[0].upper() != participant.participation_id:
        return Outcome.OTHER_EVENT
    partstat = _partstat(answerer, reply)
    if partstat is None:
        return Outcome.OTHER_PERSON
    if _is_outdated(session, participant, reply, now):
        return Outcome.OUTDATED
    answerer.more.update(
        answered_sequence=_sequence(session, participant, reply), reply_stamp=_stamp(reply, now),
        remark=_remark(session, reply) or None,
    )  # fmt: skip
    try:
        if reply.method == "REPLY" and partstat == "ACCEPTED":
            answers.confirm(answerer, now)
        elif reply.method == "REPLY" and partstat == "DECLINED":
            answers.decline(answerer, now)
        elif reply.method == "COUNTER" or partstat in _REMARKS:
            _note(answerer, partstat, now)
        else:
            return Outcome.OUTDATED
    except Conflict:
        return Outcome.REFUSED
    return Outcome.COUNTED


# What says neither yes nor no.
_REMARKS = {"TENTATIVE": answers.TENTATIVE, "DELEGATED": "Would send somebody else"}


def _partstat(answerer: Answerer, reply: Reply) -> str | None:
    """What this person says; None when it is somebody else who does.

    A person's address is often not the one that was invited: an alias, or one of before. But that of another member is
    that member's.
    """
    partstat_by_address = {normalized(address): partstat for address, partstat in reply.attendees}
    known = members_store.members_by_address(answerer.org_id, partstat_by_address)
    for address, member in known.items():
        if member.member_id == answerer.member_id:
            return partstat_by_address[address]
    if known or len(partstat_by_address) > 1:
        return None
    return next(iter(partstat_by_address.values()), "")


def _sequence(session: Session, participant: Participant, reply: Reply) -> int:
    """No answer is to what was not sent yet: a number out of the blue must not outdate those to come."""
    current = sequence_of(session, participant)
    return current if reply.sequence is None else min(reply.sequence, current)


def _stamp(reply: Reply, now: datetime) -> str:
    """Nor of the future: some clocks are fast."""
    return to_text(min(reply.stamp or now, now))


def _remark(session: Session, reply: Reply) -> str:
    """What the person wrote, after the time that they propose instead, in the words of the session's own time."""
    if reply.proposed is None:
        return reply.remark
    start, end = reply.proposed
    words = local_times.proposal_in_words(start, end, session.time_zone)
    return f"Proposes {words} {reply.remark}"[:MAX_REMARK].strip()


def _is_outdated(session: Session, participant: Participant, reply: Reply, now: datetime) -> bool:
    """Answers are in the order of SEQUENCE and time stamp, whatever the order of their arrival."""
    if participant.answered_at is None:
        return False
    known = (int(participant.answered_sequence or 0), participant.reply_stamp or participant.answered_at)
    if participant.answered_by != AnsweredBy.CALENDAR:
        known = (int(participant.answered_sequence or 0), str(participant.answered_at))
    return (_sequence(session, participant, reply), _stamp(reply, now)) <= known


def _note(answerer: Answerer, partstat: str, now: datetime) -> None:
    """Perhaps, or at another time: the place stays, and the organizer sees the remark."""

    def step() -> None:
        session, participant = answers.load(answerer)
        if participant.status not in EXPECTED or answers.state_of(session, participant, now) != "open":
            raise Conflict("not_open", "You can no longer answer this invitation.")
        changes = {
            **answerer.more,
            "answered_at": to_text(now),
            "answered_by": AnsweredBy.CALENDAR.value,
            "remark": answerer.more["remark"] or _REMARKS.get(partstat, _REMARKS["TENTATIVE"]),
        }
        if partstat in _REMARKS:
            changes["status"] = ParticipantStatus.INVITED.value
            feed_changes.announce([members_store.member(answerer.org_id, answerer.member_id)], now)
        participant_store.commit([participant_store.change_write(participant, **changes)])

    until_settled(step, places.TRIES)
