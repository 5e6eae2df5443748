"""Write the entries of all rosters again, once, on a stage that was deployed before they carried the department.

python -m infra.renew_rosters --stage dev

Until then a batch for departments reaches only people who changed since. It may run while the stage is in use.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from chalicelib.core.settings import settings
from chalicelib.core.settle import until_settled
from chalicelib.people.members import roster_store
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.models import SELF_SK, org_pk
from infra.application import application_of, stack_of
from infra.cloud import add_region, aws_cloud
from infra.packaging import STAGES

_PER_READ = 500


def main() -> None:
    arguments = argparse.ArgumentParser(description="Write the entries of all rosters again.")
    arguments.add_argument("--stage", required=True, choices=STAGES)
    add_region(arguments)
    chosen = arguments.parse_args()
    cloud = aws_cloud(chosen.region)
    with application_of(cloud, stack_of(cloud, chosen.stage)):
        print(f"{renew_all(cloud.client('dynamodb')):,} people")


def renew_all(dynamodb: Any) -> int:
    """Give each person's entries what they should have; the number of people."""
    count = 0
    for org_id in _org_ids(dynamodb):
        after: str | None = None
        while True:
            page = members_store.members(org_id, _PER_READ, after)
            for member in page.items:
                _renew(org_id, member.member_id)
            count += len(page.items)
            after = page.next_position
            if after is None:
                break
    return count


def _renew(org_id: str, member_id: str) -> None:
    def step() -> None:
        member = members_store.member(org_id, member_id)
        if member is not None:
            roster_store.renew(org_id, member)

    until_settled(step)


def _org_ids(dynamodb: Any) -> Iterator[str]:
    """Nothing lists the organizations of all MSPs: once, an operator may read the whole table."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=settings().core_table,
        ProjectionExpression="pk",
        FilterExpression="sk = :self AND begins_with(pk, :org)",
        ExpressionAttributeValues={":self": {"S": SELF_SK}, ":org": {"S": org_pk("")}},
    )
    for page in pages:
        yield from (item["pk"]["S"].removeprefix(org_pk("")) for item in page["Items"])


if __name__ == "__main__":
    main()
