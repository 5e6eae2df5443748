"""`make cost`: a month's bill by service, from measured figures and AWS's list prices.

python -m infra.cost --clients 25 --learners 100000 --mails 200000 --logins 100000 [--courses 1] [--invited 0]
"""

import argparse

from infra.cost.bill import Line, Month, bill, by_service, quantities
from infra.cost.tables import date_of_prices, deployment, figures, prices
from infra.packaging import STAGES

_TIERS = ("lite", "essentials", "plus")


def main(given: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(description="A month's bill by service.")
    arguments.add_argument("--clients", type=int, required=True, help="clients that get a rollout in the month")
    arguments.add_argument("--learners", type=int, required=True, help="learners of all of them together")
    arguments.add_argument("--mails", type=int, required=True, help="all mails of the month, also Cognito's")
    arguments.add_argument("--logins", type=int, required=True, help="people who log in at least once")
    arguments.add_argument("--courses", type=int, default=1, help="courses in which every learner is enrolled")
    arguments.add_argument("--invited", type=int, default=0, help="people who are invited by hand and accept")
    arguments.add_argument("--stage", choices=STAGES, default="prod", help="whose template to go by")
    chosen = arguments.parse_args(given)
    try:
        month = Month(chosen.clients, chosen.learners, chosen.mails, chosen.logins, chosen.courses, chosen.invited)
    except ValueError as error:
        arguments.error(str(error))
    print(told(month, chosen.stage))


def told(month: Month, stage: str) -> str:
    """The whole answer as text."""
    at_rest, priced = deployment(stage), prices()
    lines = bill(quantities(month, figures(), at_rest), priced)
    others = [tier for tier in _TIERS if tier != at_rest.tier]
    elsewhere = " and ".join(f"{priced[f'cognito_{tier}'].of(month.logins):,.2f} on {tier.title()}" for tier in others)
    return "\n".join(
        [
            f"A month with {month.clients:,} clients; {month.learners:,} learners, each enrolled in {month.courses};"
            f" {month.mails:,} mails; {month.logins:,} people who log in; {month.invited:,} invited by hand:",
            "",
            *_table(lines),
            "",
            f"The same people cost {elsewhere} (UserPoolTier).",
            "What is stored is that of this month alone; it is paid again in every month in which it is kept.",
            f"List prices of us-east-1 as written down on {date_of_prices()} (infra/cost/prices.toml): check them.",
            "Left out: free tiers, taxes, support, data transfer, and what a front end costs.",
        ]
    )


def _table(lines: list[Line]) -> list[str]:
    rows = []
    for service, dollars, own in by_service(lines):
        rows.append(f"{service:54}{dollars:>14,.2f}")
        rows += [
            f"    {line.what:34}{_amount(line.quantity):>16}{line.dollars:>14,.2f}" for line in own if line.quantity
        ]
    total = sum(line.dollars for line in lines)
    return [*rows, f"{'Total, US dollars':54}{total:>14,.2f}"]


def _amount(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 100 or quantity == int(quantity) else f"{quantity:,.2f}"


if __name__ == "__main__":
    main()
