"""The people of a client that was closed are archived, some with each message."""

from contextlib import suppress
from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members import store
from chalicelib.people.members.archive import archive
from chalicelib.people.members.models import learners_pk, member_sk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations import store as organizations_store
from chalicelib.tenants.organizations.events import ClientClosed

# Members that one message archives, in some twenty seconds.
_PER_MESSAGE = 200


def run(job: ClientClosed, now: datetime) -> None:
    """Any number of times. Who is archived leaves the roster, so that the next message finds the others.

    Nothing once the client was opened again, or for a closing that never was.
    """
    org = organizations_store.org(job.msp_id, job.org_id)
    if org is not None and org.closed_at == job.closed_at:
        scope = Scope(str(org.closed_by), job.msp_id, job.org_id)
        page = store.roster(learners_pk(job.org_id), _PER_MESSAGE)
        for entry in page.items:
            # Conflict: archived, or gone otherwise, since the roster was read.
            with suppress(Conflict):
                member_id = entry.sk.removeprefix(member_sk(""))
                archive(scope, member_id, derived_id(job.org_id, job.closed_at), now)
        if len(page.items) == _PER_MESSAGE:
            queue.send([job])
            return
        if page.items or to_instant(job.closed_at) + MAX_RUN_TIME > now:
            # Somebody may be accepting an invitation this moment, or the roster was read late. The entry stays, and the
            # sweep sends the job again.
            return
    due.close(job)
