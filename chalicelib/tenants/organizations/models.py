"""Items of organizations."""

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.core.ids import short_hash
from chalicelib.core.text import searchable
from chalicelib.tenants.access.models import msp_pk, org_pk

NUM_COUNT_SHARDS = 8


def org_sk(org_id: str) -> str:
    return f"ORG#{org_id}"


class Org(CoreItem):
    """`MSP#m` / `ORG#o`: settings, the data of its readiness, and the dashboard's counters.

    Usually half a KB: a dashboard page of eight costs less than one read unit.
    """

    org_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    name = UnicodeAttribute()
    time_zone = UnicodeAttribute(null=True)
    reply_to = UnicodeAttribute(null=True)
    enroll_hour = UnicodeAttribute(default="09:00")
    invitation_days = NumberAttribute(default=30)
    subscription = UnicodeAttribute(default="none")
    num_entitled = NumberAttribute(default=0)
    num_batches = NumberAttribute(default=0)
    num_courses = NumberAttribute(default=0)
    num_completed = NumberAttribute(default=0)
    num_scheduled = NumberAttribute(default=0)
    num_failed = NumberAttribute(default=0)
    created_at = UnicodeAttribute()
    # While it is closed: since when, and by whom.
    closed_at = UnicodeAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)


class ClientName(CoreItem):
    """`MSP#m` / `CLIENT_NAME#<hash of the name>`: the client that took the name last, so that none is made twice
    unawares. It may be gone, or have another name by now.
    """

    org_id = UnicodeAttribute()


def client_name_sk(name: str) -> str:
    """Names that differ in letter case, accents or spaces only are one."""
    return f"CLIENT_NAME#{short_hash(searchable(name))}"


def org_ref(msp_id: str, org_id: str) -> Ref[Org]:
    return Ref(Org, msp_pk(msp_id), org_sk(org_id))


class Counts(CoreItem):
    """`MSP#m` / `COUNTS#<shard>`: the dashboard's totals, in shards so that clients do not conflict."""

    num_courses = NumberAttribute(default=0)
    num_completed = NumberAttribute(default=0)
    num_scheduled = NumberAttribute(default=0)


def counts_sk(shard: int) -> str:
    return f"COUNTS#{shard}"


class Entitlements(CoreItem):
    """`ORG#o` / `ENTITLEMENTS`: seats by course id, 0 for no limit. One item, so that they change together."""

    seats_by_course: MapAttribute[str, int] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]


ENTITLEMENTS_SK = "ENTITLEMENTS"


def entitlements_ref(org_id: str) -> Ref[Entitlements]:
    return Ref(Entitlements, org_pk(org_id), ENTITLEMENTS_SK)


class SeatCount(CoreItem):
    """`ORG#o` / `SEATS#c`: the number of taken seats of a course: its enrollments that are not cancelled.

    `changes` is how often they changed: a reviewed plan notices by it.
    """

    taken = NumberAttribute(default=0)
    changes = NumberAttribute(default=0)


def seats_sk(course_id: str) -> str:
    return f"SEATS#{course_id}"


def seats_ref(org_id: str, course_id: str) -> Ref[SeatCount]:
    return Ref(SeatCount, org_pk(org_id), seats_sk(course_id))


class Revisions(CoreItem):
    """`ORG#o` / `REVISIONS`: how often each kind of data changed. A reviewed plan compares them to notice changes.

    Changes of enrollments are counted by course, where their seats are; `enrollments` is what earlier versions counted.
    """

    people = NumberAttribute(default=0)
    enrollments = NumberAttribute(default=0)
    access = NumberAttribute(default=0)
    completions = NumberAttribute(default=0)


REVISIONS_SK = "REVISIONS"


def revisions_ref(org_id: str) -> Ref[Revisions]:
    return Ref(Revisions, org_pk(org_id), REVISIONS_SK)
