"""Sample data for the local cloud: two MSPs, their clients and people (infra/sample), and log-ins for some of them."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import loading
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access import store as access_store
from infra.cloud import Cloud
from infra.deploy import Stack
from infra.packaging import ROOT
from infra.seed_items import Appointed, course_items, member_of, msp_items, org_items, sample_id

SAMPLE = ROOT / "infra" / "sample"

# Of every account on the local cloud, which only this machine reaches.
PASSWORD = "Muster-local-2027"

# Learners with a log-in: the first of each of these clients, and everybody who works for two.
LEARNERS_AT = ("alderquay-logistics", "everholt-mutual", "kestrelmark-credit-union")

People = list[dict[str, str]]


@dataclass(frozen=True)
class LogIns:
    """Addresses to try things with; the password of all is PASSWORD."""

    msp_admin: str
    other_msp_admin: str
    org_admin: str
    learner: str
    learner_at_two: str


class Seed:
    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self._cognito = cloud.client("cognito-idp")
        self._pool_id = stack.outputs["UserPoolId"]
        self._msps: list[dict[str, Any]] = _json("msps")
        self._orgs: list[dict[str, Any]] = _json("organizations")
        self._courses: list[dict[str, Any]] = _json("courses")
        with (SAMPLE / "people.csv").open(encoding="utf-8", newline="") as file:
            self._people = list(csv.DictReader(file))

    def log_ins(self) -> LogIns:
        org = next(org for org in self._orgs if org["key"] == LEARNERS_AT[0])
        return LogIns(
            msp_admin=self._msps[0]["admins"][0]["email"],
            other_msp_admin=self._msps[1]["admins"][0]["email"],
            org_admin=org["admins"][0]["email"],
            learner=_first_learner_at(self._people, LEARNERS_AT[0]),
            learner_at_two=min(_at_two_clients(self._people)),
        )

    def is_loaded(self) -> bool:
        return all(access_store.msp(sample_id("msp", msp["key"])) is not None for msp in self._msps)

    def load(self) -> int:
        """Write everything; gives the number of people. Writing it again changes nothing but counters."""
        account_by_email = {email: self._account(email) for email in self._emails()}
        every_course = [course["key"] for course in self._courses]
        for org in self._orgs:
            chosen = every_course if org["course_keys"] == "all" else org["course_keys"]
            loading.put_all(org_items(org, chosen, _appointed(org["admins"], account_by_email)))
            people = [row for row in self._people if row["organization"] == org["key"]]
            members = [member_of(row, _account_of(row, account_by_email)) for row in people]
            members_store.load(sample_id("msp", org["msp"]), sample_id("org", org["key"]), members)
        for msp in self._msps:
            loading.put_all(course_items(msp["key"], self._courses))
            loading.put_all(msp_items(msp, _appointed(msp["admins"], account_by_email)))
        return len(self._people)

    def _emails(self) -> list[str]:
        admins = [admin["email"] for tenant in (*self._msps, *self._orgs) for admin in tenant["admins"]]
        learners = [_first_learner_at(self._people, key) for key in LEARNERS_AT]
        return [*admins, *learners, *sorted(_at_two_clients(self._people))]

    def _account(self, email: str) -> str:
        """The Cognito account of this address, made with the known password when it is new."""
        name = sample_id("account", email)
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        try:
            self._cognito.admin_create_user(
                UserPoolId=self._pool_id, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "UsernameExistsException":
                raise
        self._cognito.admin_set_user_password(
            UserPoolId=self._pool_id, Username=name, Password=PASSWORD, Permanent=True
        )
        user = self._cognito.admin_get_user(UserPoolId=self._pool_id, Username=name)
        return next(str(one["Value"]) for one in user["UserAttributes"] if one["Name"] == "sub")


def _json(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SAMPLE / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _appointed(admins: Iterable[dict[str, str]], account_by_email: dict[str, str]) -> list[Appointed]:
    return [Appointed(account_by_email[admin["email"]], admin["email"]) for admin in admins]


def _account_of(row: dict[str, str], account_by_email: dict[str, str]) -> str | None:
    return account_by_email.get(row["email"]) if row["status"] == "active" else None


def _first_learner_at(people: People, org_key: str) -> str:
    return next(
        row["email"] for row in people if row["organization"] == org_key and row["status"] == "active" and row["email"]
    )


def _at_two_clients(people: People) -> set[str]:
    """Addresses of active members of more than one client."""
    active = [row["email"] for row in people if row["status"] == "active" and row["email"]]
    return {email for email in active if active.count(email) > 1}
