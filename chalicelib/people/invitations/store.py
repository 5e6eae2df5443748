"""Reads and writes of invitations."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.paging import Page
from chalicelib.jobs import due
from chalicelib.people.invitations.messages import SendWave
from chalicelib.people.invitations.models import (
    INVITES_PREFIX,
    MOVE_SK,
    WAVE_SK,
    MoveProof,
    OpenInvite,
    Wave,
    address_pk,
    invite_sk,
    move_pk,
    wave_pk,
)

_WAVE_KEPT_FOR = timedelta(days=30)


def open_write(msp_id: str, org_id: str, member_id: str, email: str) -> Write:
    item = OpenInvite(
        address_pk(email), invite_sk(org_id, member_id), msp_id=msp_id, org_id=org_id, member_id=member_id
    )
    return Write("put", item)


def close_write(org_id: str, member_id: str, email: str) -> Write:
    return Write("delete", OpenInvite(address_pk(email), invite_sk(org_id, member_id)))


def open_invites(email: str, limit: int, after: str | None) -> Page[OpenInvite]:
    return table.query(OpenInvite, address_pk(email), prefix=INVITES_PREFIX, limit=limit, after=after, consistent=True)


def wave_writes(msp_id: str, org_id: str, wave_id: str, notify_at: datetime, invites: Mapping[str, str]) -> list[Write]:
    """Mails to make at that instant, with the entry by which the sweep finds them."""
    instant = to_text(notify_at)
    item = Wave(
        wave_pk(wave_id), WAVE_SK, msp_id=msp_id, org_id=org_id, notify_at=instant, invites=dict(invites),
        ttl=int((notify_at + _WAVE_KEPT_FOR).timestamp()),
    )  # fmt: skip
    # Putting it again, after an answer was lost, makes the same mails once more, which are made once.
    return [Write("put", item), due.write(SendWave(msp_id=msp_id, org_id=org_id, wave_id=wave_id, due_at=instant))]


def wave(wave_id: str) -> Wave | None:
    return table.get(Wave, wave_pk(wave_id), WAVE_SK)


def keep_proof(proof: MoveProof) -> None:
    table.transact([put_new(proof)])


def proof(hashed: str) -> MoveProof | None:
    return table.get(MoveProof, move_pk(hashed), MOVE_SK)
