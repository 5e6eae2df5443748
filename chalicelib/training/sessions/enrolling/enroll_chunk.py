"""One chunk of people into all sessions of a request, exactly once although the message may come many times.

A participant that carries the request's id is the request's own, whichever delivery made it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import ON_ROSTERS, MemberStatus
from chalicelib.tenants.structure import store as structure_store
from chalicelib.training.sessions import participant_store, place_store, places, store
from chalicelib.training.sessions.enrolling import enroll_store
from chalicelib.training.sessions.enrolling.enroll import closed_code, tell_results
from chalicelib.training.sessions.enrolling.overlaps import overlap
from chalicelib.training.sessions.messages import EnrollPeopleChunk
from chalicelib.training.sessions.models import Enroll, Participant, Session, participant_sk, session_pk
from chalicelib.training.sessions.participant_store import Held
from chalicelib.training.sessions.states import Code, ParticipantStatus

# Each new participant is up to four writes, and the session is one: a transaction takes 100.
_AT_ONCE = 20

# Lower-case letters and digits that survive every mail server; 130 bits.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_TOKEN_LENGTH = 26


@dataclass
class _People:
    """The people of a chunk: why some can't be enrolled at all, and what each holds already."""

    member_ids: Sequence[str]
    code_by_member: dict[str, Code]
    held_by_member: dict[str, list[Held]] = field(default_factory=dict)

    def read_held(self, org_id: str, member_ids: Sequence[str]) -> None:
        pointers = {member_id: participant_store.participations(org_id, member_id) for member_id in member_ids}
        self.held_by_member |= participant_store.held_of(org_id, pointers)

    def read_again(self, org_id: str, training_id: str, member_ids: Sequence[str]) -> None:
        """What they hold in one training by now, in two calls however many they are."""
        found = participant_store.participations_in(org_id, training_id, member_ids)
        helds = participant_store.held_of(org_id, {member_id: [pointer] for member_id, pointer in found.items()})
        for member_id in member_ids:
            others = [held for held in self.held_by_member[member_id] if held.pointer.training_id != training_id]
            self.held_by_member[member_id] = [*others, *helds.get(member_id, [])]

    def add(self, new: Participant, session: Session) -> None:
        """What was written just now need not be read."""
        others = [held for held in self.held_by_member[new.member_id] if held.pointer.training_id != new.training_id]
        self.held_by_member[new.member_id] = [*others, Held(participant_store.pointer_to(new), new, session)]

    def held(self, member_id: str, training_id: str) -> Held | None:
        helds = self.held_by_member.get(member_id, [])
        return next((held for held in helds if held.pointer.training_id == training_id), None)


def enroll_chunk(message: EnrollPeopleChunk, now: datetime) -> None:
    _run(message, now, enroll=True)


def on_dead_letter(message: EnrollPeopleChunk, now: datetime) -> None:
    """What earlier deliveries did counts; the others fail, with the reason."""
    _run(message, now, enroll=False)


def _run(message: EnrollPeopleChunk, now: datetime, *, enroll: bool) -> None:
    stored = enroll_store.enroll(message.org_id, message.enroll_id)
    if stored is None:
        observability.warning("enrollment in trainings does not exist", enroll_id=message.enroll_id)
        return
    if enroll_store.result(stored, message.chunk) is not None:
        return
    people = _people(stored, message.chunk)
    outcomes: dict[tuple[str, int], tuple[Code, str]] = {}
    # Chunks that run at the same moment begin with different sessions, so that they meet less often.
    num_sessions = len(stored.sessions)
    for turn in range(num_sessions):
        index = (turn + message.chunk) % num_sessions
        training_id, session_id = stored.sessions[index]
        for start in range(0, len(people.member_ids), _AT_ONCE):
            group = people.member_ids[start : start + _AT_ONCE]
            found = _enroll_group(stored, people, training_id, session_id, group, message.chunk, now, enroll)
            outcomes |= {(member_id, index): outcome for member_id, outcome in found.items()}
    results, overlapping = _results(stored, people, outcomes)
    tell_results(stored, results, now)
    enroll_store.put_result(stored, message.chunk, results, overlapping)


def _people(stored: Enroll, chunk: int) -> _People:
    member_ids = enroll_store.chunk_people(stored, chunk)
    members = members_store.members_by_id(stored.org_id, member_ids)
    code_by_member = {}
    departments = _departments(stored)
    for member_id in member_ids:
        code = _code_of(members.get(member_id), departments)
        if code is not None:
            code_by_member[member_id] = code
    people = _People(member_ids, code_by_member)
    people.read_held(stored.org_id, [member_id for member_id in member_ids if member_id not in code_by_member])
    return people


def _departments(stored: Enroll) -> set[str] | None:
    """Those that the caller looks after, with all below them; None for no limit."""
    if stored.department_ids is None:
        return None
    roots = set(stored.department_ids)
    departments = structure_store.departments(stored.org_id)
    return {department.department_id for department in departments if roots & set(department.path)}


def _code_of(member: Member | None, departments: set[str] | None) -> Code | None:
    if member is None:
        return Code.UNKNOWN_MEMBER
    # Who has left is in no department.
    if departments is not None and not (member.status in ON_ROSTERS and member.department_id in departments):
        return Code.NOT_YOURS
    return None if member.status == MemberStatus.ACTIVE else Code.NOT_ACTIVE


def _enroll_group(
    stored: Enroll, people: _People, training_id: str, session_id: str, group: Sequence[str], chunk: int,
    now: datetime, enroll: bool,
) -> dict[str, tuple[Code, str]]:  # fmt: skip
    """The code of each person in the group, and the session that they are in."""

    is_first = True

    def step() -> dict[str, tuple[Code, str]]:
        nonlocal is_first
        if not is_first:
            people.read_again(stored.org_id, training_id, [one for one in group if one not in people.code_by_member])
        is_first = False
        found: dict[str, tuple[Code, str]] = {}
        candidates = []
        for member_id in group:
            code, at = _code_before(stored, people, member_id, training_id)
            if code is None:
                candidates.append(member_id)
            else:
                found[member_id] = (code, at or session_id)
        if not candidates:
            return found
        if not enroll:
            return found | dict.fromkeys(candidates, (Code.PROCESSING_FAILED, session_id))
        session = store.session(stored.org_id, training_id, session_id)
        code = closed_code(session, now)
        if session is None or code is not None:
            return found | dict.fromkeys(candidates, (code or Code.SESSION_CANCELLED, session_id))
        return found | _seat(stored, people, session, candidates, chunk)

    return until_settled(step, places.TRIES)


def _code_before(stored: Enroll, people: _People, member_id: str, training_id: str) -> tuple[Code | None, str | None]:
    """What is decided already, and the session; None for somebody who is to be enrolled."""
    if member_id in people.code_by_member:
        return people.code_by_member[member_id], None
    held = people.held(member_id, training_id)
    if held is None:
        return None, None
    at = str(held.pointer.session_id)
    if held.participant is not None and held.participant.enroll_id == stored.enroll_id:
        is_waiting = held.participant.status == ParticipantStatus.WAITING
        return Code.WAITING if is_waiting else Code.INVITED, at
    return (Code.ALREADY_PARTICIPANT, at) if held.is_live else (None, None)


def _seat(
    stored: Enroll, people: _People, session: Session, candidates: Sequence[str], chunk: int
) -> dict[str, tuple[Code, str]]:
    """Places for the first of them, the line for the others. Raises ConditionFailed when somebody was faster."""
    free = places.num_free(session)
    num_seated = len(candidates) if free is None else min(free, len(candidates))
    seated, others = candidates[:num_seated], candidates[num_seated:]
    waiting = others if session.waiting_list else []
    found = dict.fromkeys(others, (Code.SESSION_FULL, session.session_id)) if not session.waiting_list else {}
    if seated or waiting:
        status_by_member = dict.fromkeys(seated, ParticipantStatus.INVITED) | dict.fromkeys(
            waiting, ParticipantStatus.WAITING
        )
        writes, created = [place_store.take_places(session, len(seated), len(waiting))], []
        for member_id, status in status_by_member.items():
            order = people.member_ids.index(member_id)
            new = new_participant(stored, session, member_id, status, f"{stored.enroll_id}.{chunk:05d}.{order:02d}")
            before = people.held(member_id, session.training_id)
            if before is not None and before.participant is not None:
                new.token = before.participant.token
            writes += participant_store.create_writes(stored.msp_id, new, before)
            created.append(new)
        participant_store.commit(writes)
        for new in created:
            people.add(new, session)
    found |= dict.fromkeys(seated, (Code.INVITED, session.session_id))
    return found | dict.fromkeys(waiting, (Code.WAITING, session.session_id))


def new_participant(
    stored: Enroll, session: Session, member_id: str, status: ParticipantStatus, asked: str
) -> Participant:
    return Participant(
        session_pk(stored.org_id, session.session_id), participant_sk(member_id), org_id=stored.org_id,
        training_id=session.training_id, session_id=session.session_id, member_id=member_id,
        participation_id=derived_id(stored.enroll_id, session.training_id, member_id), enroll_id=stored.enroll_id,
        status=status.value, asked=asked, visible_from=stored.visible_from, token=new_token(),
    )  # fmt: skip


def new_token() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LENGTH))


def _results(
    stored: Enroll, people: _People, outcomes: Mapping[tuple[str, int], tuple[Code, str]]
) -> tuple[list[list[object]], list[tuple[str, str]]]:
    """In the order of people and sessions, with the person's other sessions at the same time, as `EnrollResult`."""
    rows: list[list[object]] = []
    number_by_pair: dict[tuple[str, str], int] = {}
    for (member_id, index), (code, session_id) in sorted(
        outcomes.items(), key=lambda item: (people.member_ids.index(item[0][0]), item[0][1])
    ):
        training_id = stored.sessions[index][0]
        others = _overlapping(people, member_id, training_id)
        numbers = [number_by_pair.setdefault(pair, len(number_by_pair)) for pair in others]
        rows.append([member_id, index, code.value, session_id, numbers])
    return rows, list(number_by_pair)


_NOT_THERE = frozenset({ParticipantStatus.CANCELLED, ParticipantStatus.DECLINED})


def _overlapping(people: _People, member_id: str, training_id: str) -> list[tuple[str, str]]:
    held = people.held(member_id, training_id)
    if held is None or held.session is None or not held.is_live:
        return []
    return [
        (other.pointer.training_id, other.pointer.session_id)
        for other in people.held_by_member[member_id]
        if other is not held and other.is_live and other.session is not None and other.participant is not None
        if other.participant.status not in _NOT_THERE and overlap(held.session, other.session)
    ]
