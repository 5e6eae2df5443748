"""Make an MSP and its very first admin on a deployed stage; all others are appointed over the API.

python -m infra.first_admin --stage dev --msp "Northwind Managed IT" --email admin@example.com
"""

import argparse

from chalicelib.core.clock import utc_now
from chalicelib.tenants.admins import service as admins
from infra.application import application_of, stack_of
from infra.cloud import add_region, aws_cloud
from infra.packaging import STAGES


def main() -> None:
    arguments = argparse.ArgumentParser(description="Make an MSP and its very first admin.")
    arguments.add_argument("--stage", required=True, choices=STAGES)
    arguments.add_argument("--msp", required=True, help="the name of the MSP, as its admins will see it")
    arguments.add_argument("--email", required=True, help="the admin's address; Cognito mails a first password to it")
    add_region(arguments)
    chosen = arguments.parse_args()
    if not chosen.msp.strip() or "@" not in chosen.email:
        arguments.error("give the name of the MSP and an e-mail address")
    cloud = aws_cloud(chosen.region)
    with application_of(cloud, stack_of(cloud, chosen.stage)):
        made = admins.first_admin(chosen.msp.strip(), chosen.email, utc_now())
    print(f"{chosen.msp}: msp_id {made.msp_id}, its admin {chosen.email}: account_id {made.account_id}")


if __name__ == "__main__":
    main()
