"""Events about organizations: written in the transaction of the change, and sent as jobs (see worker.py)."""

from datetime import datetime
from typing import Literal

from chalicelib.core.clock import to_text
from chalicelib.jobs.job import DueJob
from chalicelib.jobs.sweep import after_all_runs


class ScheduleMoved(DueJob):
    """An organization's time zone or hour changed: its scheduled rows move."""

    job: Literal["move_dates"] = "move_dates"
    msp_id: str
    org_id: str

    @property
    def due_id(self) -> str:
        return self.org_id


def schedule_moved(msp_id: str, org_id: str, now: datetime) -> ScheduleMoved:
    """For the transaction that changes the zone or the hour."""
    return ScheduleMoved(msp_id=msp_id, org_id=org_id, due_at=to_text(now))


class ClientClosed(DueJob):
    """A client was closed: its people are archived. `closed_at` names the closing."""

    job: Literal["close_client"] = "close_client"
    msp_id: str
    org_id: str
    closed_at: str

    @property
    def due_id(self) -> str:
        return self.org_id


def client_closed(msp_id: str, org_id: str, now: datetime) -> ClientClosed:
    """For the transaction that closes it. It is due again when everybody who was just accepting has become a member."""
    return ClientClosed(msp_id=msp_id, org_id=org_id, closed_at=to_text(now), due_at=after_all_runs(now))
