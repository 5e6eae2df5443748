"""Messages of the jobs queue about accounts."""

from typing import Literal

from chalicelib.jobs.job import DueJob


class EndSessions(DueJob):
    """Ends the account's sessions that began before `before`: its password may have been changed by then.

    Written down before Cognito is asked, it is sent only where the request did not come to its end. `account_id` is
    empty where there is no such account.
    """

    job: Literal["end_sessions"] = "end_sessions"
    account_id: str
    before: str
    try_id: str

    @property
    def due_id(self) -> str:
        return self.try_id
