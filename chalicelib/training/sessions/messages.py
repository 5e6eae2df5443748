"""Messages of the jobs queue about live trainings."""

from typing import Literal

from chalicelib.jobs.job import DueJob, Job, WalkJob


class EnrollPeopleJob(DueJob):
    """Sends a message for each chunk of an enrollment that has no result yet."""

    job: Literal["enroll_people"] = "enroll_people"
    msp_id: str
    org_id: str
    enroll_id: str

    @property
    def due_id(self) -> str:
        return self.enroll_id


class EnrollPeopleChunk(Job):
    """One chunk of people into all sessions of the request."""

    job: Literal["enroll_people_chunk"] = "enroll_people_chunk"
    msp_id: str
    org_id: str
    enroll_id: str
    chunk: int


class ShowEnrolled(WalkJob):
    """At `due_at`, the moment from which the people know: tells them. Sent earlier, it makes the schedule for it."""

    job: Literal["show_enrolled"] = "show_enrolled"
    msp_id: str
    org_id: str
    enroll_id: str

    @property
    def due_id(self) -> str:
        return self.enroll_id


class TellPeople(DueJob):
    """Tells a few participants of a session what has become of them."""

    job: Literal["tell_people"] = "tell_people"
    msp_id: str
    org_id: str
    training_id: str
    session_id: str
    member_ids: list[str]
    tell_id: str

    @property
    def due_id(self) -> str:
        return self.tell_id


class TellSession(WalkJob):
    """Tells everybody in a session of its change: page by page. Quietly: only their calendar feeds show it."""

    job: Literal["tell_session"] = "tell_session"
    msp_id: str
    org_id: str
    training_id: str
    session_id: str
    sequence: int
    quiet: bool = False

    @property
    def due_id(self) -> str:
        return f"{self.session_id}.{self.sequence}"


class RemindSession(WalkJob):
    """Reminds everybody who is to come to a session that starts at `starts_utc`: page by page."""

    job: Literal["remind_session"] = "remind_session"
    msp_id: str
    org_id: str
    training_id: str
    session_id: str
    kind_of_mail: str
    starts_utc: str

    @property
    def due_id(self) -> str:
        return f"{self.session_id}.{self.kind_of_mail}.{self.starts_utc}"


class FillPlaces(DueJob):
    """Gives places that were added to those who wait."""

    job: Literal["fill_places"] = "fill_places"
    msp_id: str
    org_id: str
    training_id: str
    session_id: str
    revision: int

    @property
    def due_id(self) -> str:
        return f"{self.session_id}.{self.revision}"
