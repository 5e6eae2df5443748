"""Makes people.csv from organizations.json and ingredients.json: `python infra/sample/generate.py`.

The same input always gives the same file, so that tests and pictures may name a person by address.
"""

import csv
import json
import random
import re
import unicodedata
from dataclasses import astuple, dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

# A department as organizations.json has it: key, name, and the key of its parent.
Department = dict[str, Any]

HERE = Path(__file__).parent
SEED = "muster sample 1"

# Whoever has not accepted yet has no location, which is chosen when joining, and no number.
JOINED = {"active", "archived"}

# Offices smaller than this call each other by first name and do not number their staff.
SMALL_OFFICE = 15


@dataclass(frozen=True, kw_only=True)
class Person:
    """One row of people.csv; the fields are its columns, in this order."""

    organization: str
    email: str
    first_name: str
    last_name: str
    login_name: str = ""
    status: str
    department: str = ""
    location: str
    groups: str
    job_title: str
    employee_number: str = ""


class Client:
    """One organization, and the random numbers that its people are drawn from."""

    def __init__(self, organization: dict[str, Any], ingredients: dict[str, Any]) -> None:
        self.organization = organization
        self.ingredients = ingredients
        self.key: str = organization["key"]
        self.num_people: int = ingredients["num_people"][self.key]
        self.is_small = self.num_people < SMALL_OFFICE
        # A client may lack its reply-to address, but never its first administrator.
        self.domain: str = organization["admins"][0]["email"].split("@")[1]
        # The administrators' addresses are theirs; they are listed in organizations.json.
        self.taken = {admin["email"].split("@")[0] for admin in organization["admins"]}
        # Each client has a stream of its own, so that changing one leaves the others as they are.
        self.rng = random.Random(f"{SEED} {self.key}")

    def people(self) -> list[Person]:
        visitors = self.visitors()
        # Small numbers are padded on purpose: a careless spreadsheet import loses leading zeros.
        numbers = self.rng.sample(range(100, 40_000), self.num_people - len(visitors))
        staff = [self.staff_member(f"{number:05}") for number in numbers]
        people = self.with_login_names(staff) + visitors
        return sorted(people, key=lambda p: (p.last_name, p.first_name, p.email))

    def staff_member(self, number: str) -> Person:
        (first_name, latin_first), (last_name, latin_last) = self.draw_name()
        line = self.draw_department_line()
        job_title = self.draw_job_title(line[0]["name"])
        weights = self.ingredients["weight_by_status"]
        status = self.rng.choices(list(weights), list(weights.values()))[0]
        joined = status in JOINED
        handle = self.free_handle(latin_first if self.is_small else f"{latin_first}.{latin_last}")
        return Person(
            organization=self.key,
            email=f"{handle}@{self.domain}",
            first_name=first_name,
            last_name=last_name,
            status=status,
            # A few have none: a member sits in at most one department, not in exactly one.
            department="" if self.rng.random() < 0.04 else line[0]["key"],
            location=self.draw_location() if joined else "",
            groups=";".join(self.draw_groups(line, job_title, is_invited=status != "active")),
            job_title=job_title,
            employee_number=number if joined and not self.is_small else "",
        )

    def visitors(self) -> list[Person]:
        """Those who work for two clients, with one address and a membership at each."""
        return [
            Person(
                organization=self.key,
                email=visitor["email"],
                first_name=visitor["first_name"],
                last_name=visitor["last_name"],
                status=membership["status"],
                location=self.draw_location() if membership["status"] in JOINED else "",
                groups=membership["group"],
                job_title=visitor["job_title"],
            )
            for visitor in self.ingredients["visitors"]
            for membership in visitor["memberships"]
            if membership["organization"] == self.key
        ]

    def with_login_names(self, people: list[Person]) -> list[Person]:
        """Gives some a login name in place of their address, as shop floors do."""
        # Nobody without an address can be invited: an administrator made these, active at once.
        eligible = [p for p in people if p.status == "active" and "people-managers" not in p.groups]
        chosen = self.rng.sample(eligible, self.ingredients["num_without_email"].get(self.key, 0))
        # Login names are one namespace for all clients, so a part of the client's key is in them.
        suffix = self.key.split("-")[0]
        renamed = {p: f"{p.email.split('@')[0]}.{suffix}" for p in chosen}
        return [replace(p, email="", login_name=renamed[p]) if p in renamed else p for p in people]

    def draw_name(self) -> list[tuple[str, str]]:
        """First and last name, each as it is written and as it stands in an address."""
        pools = self.ingredients["name_pools"]
        pools_by_time_zone = self.ingredients["name_pools_by_time_zone"]
        local = pools_by_time_zone.get(self.organization["time_zone"], ["english"])
        # Every workplace has people from elsewhere: one name in six comes from any pool.
        pool = pools[self.rng.choice(local if self.rng.random() < 5 / 6 else list(pools))]
        names = []
        for part in ("first", "last"):
            # An entry in another script carries its Latin form behind an equals sign.
            written, _, latin = self.rng.choice(pool[part]).partition("=")
            names.append((written, self.plain_latin(latin or written)))
        return names

    def plain_latin(self, text: str) -> str:
        # Unicode does not decompose letters such as ø: stripping accents alone would drop them.
        text = text.lower().translate(str.maketrans(self.ingredients["latin_by_letter"]))
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", text).strip("-")

    def draw_department_line(self) -> list[Department]:
        """A department, followed by those above it."""
        departments = self.organization["departments"]
        shares = [self.ingredients["departments"][d["name"]]["share"] for d in departments]
        by_key = {department["key"]: department for department in departments}
        line: list[Department] = self.rng.choices(departments, shares)
        while line[-1]["parent"] is not None:
            line.append(by_key[line[-1]["parent"]])
        return line

    def draw_job_title(self, department_name: str) -> str:
        titles: list[str] = self.ingredients["departments"][department_name]["job_titles"]
        # Titles are listed from the common to the rare, so that a team has few who lead it.
        return self.rng.choices(titles, [rank**2 for rank in range(len(titles), 0, -1)])[0]

    def draw_location(self) -> str:
        return str(self.rng.choice(self.organization["locations"])["key"])

    def draw_groups(self, line: list[Department], job_title: str, is_invited: bool) -> list[str]:
        """Groups follow from job or department; those that follow from neither are drawn."""
        department_keys = {department["key"] for department in self.organization["departments"]}
        words_by_group = self.ingredients["groups_by_job_title"]
        picked = []
        for key in (group["key"] for group in self.organization["groups"]):
            if key in words_by_group:
                belongs = any(word in job_title for word in words_by_group[key])
            elif key in department_keys:
                belongs = any(department["key"] == key for department in line)
            else:
                belongs = self.rng.random() < 0.1 or key in self.ingredients["groups_of_everybody"]
            if belongs:
                picked.append(key)
        # An invitation names at least one group; only members who have joined can be in none.
        if is_invited and not picked:
            picked.append(self.rng.choice(self.organization["groups"])["key"])
        return picked

    def free_handle(self, wanted: str) -> str:
        """The part before the @; namesakes are told apart by a number."""
        numbered = (wanted if n == 1 else f"{wanted}{n}" for n in count(1))
        handle = next(h for h in numbered if h not in self.taken)
        self.taken.add(handle)
        return handle


def main() -> None:
    organizations = json.loads((HERE / "organizations.json").read_text(encoding="utf-8"))
    ingredients = json.loads((HERE / "ingredients.json").read_text(encoding="utf-8"))
    with (HERE / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Person))
        for organization in organizations:
            people = Client(organization, ingredients).people()
            writer.writerows(astuple(person) for person in people)


if __name__ == "__main__":
    main()
