"""A client with very many learners and one course, made up, on the stage dev: what docs/aws-checklist.md measures with.

python -m infra.trial.crowd --msp MSP_ID --learners 40000 [--region eu-central-1]

Their addresses are SES's mailbox simulator's: mail to them is delivered and read by nobody.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws import loading
from chalicelib.aws.items import CoreItem
from chalicelib.core.clock import to_text, utc_now
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import SELF_SK, OrgPointer, msp_pk, org_pk
from chalicelib.tenants.courses import store as catalog_store
from chalicelib.tenants.courses.models import Course, course_sk, courses_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, org_sk
from infra.application import application_of, stack_of
from infra.cloud import REGION, Cloud

# People are invented here: never among real ones.
STAGE = "dev"


@dataclass(frozen=True)
class Crowd:
    org_id: str
    course_id: str


def make(msp_id: str, num_learners: int, now: datetime) -> Crowd:
    """Within the stage's environment; writes about seven items a learner."""
    made = Crowd(org_id=new_id(now), course_id=new_id(now))
    loading.put_all(_course_items(msp_id, made.course_id))
    org = Org(
        msp_pk(msp_id), org_sk(made.org_id), org_id=made.org_id, msp_id=msp_id, name=f"Crowd of {num_learners:,}",
        time_zone="Etc/UTC", reply_to="nobody@simulator.amazonses.com", num_entitled=1, created_at=to_text(now),
    )  # fmt: skip
    entitlements = Entitlements(org_pk(made.org_id), ENTITLEMENTS_SK, seats_by_course={made.course_id: 0})
    loading.put_all([org, OrgPointer(org_pk(made.org_id), SELF_SK, msp_id=msp_id, num_admins=0), entitlements])
    members_store.load(msp_id, made.org_id, _members(made.org_id, num_learners, now))
    return made


def _course_items(msp_id: str, course_id: str) -> list[CoreItem]:
    course = Course(
        courses_pk(msp_id), course_sk(course_id), course_id=course_id, title="A course for a crowd",
        summary="For trying only.", duration_minutes=1, launch_url="https://example.com/course",
    )  # fmt: skip
    return catalog_store.course_items(msp_id, course)


def _members(org_id: str, num_learners: int, now: datetime) -> Iterator[Member]:
    for number in range(num_learners):
        member_id = new_id(now)
        yield Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, status=MemberStatus.ACTIVE.value,
            email=f"success+{number:06}@simulator.amazonses.com", first_name=f"Person {number:06}",
            last_name="of a crowd that was made up for trying", created_at=to_text(now),
        )  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description="Make a client with very many learners, on the stage dev.")
    arguments.add_argument("--msp", required=True, help="msp_id, as make first-admin prints it")
    arguments.add_argument("--learners", type=int, default=40_000)
    arguments.add_argument("--region", default=os.environ.get("AWS_REGION", REGION))
    chosen = arguments.parse_args()
    cloud = Cloud(None, chosen.region)
    with application_of(cloud, stack_of(cloud, STAGE)):
        made = make(chosen.msp, chosen.learners, utc_now())
    print(f"org_id {made.org_id}, course_id {made.course_id}: {chosen.learners:,} learners")


if __name__ == "__main__":
    main()
