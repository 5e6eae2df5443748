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

HERE = Path(__file__).parent
SEED = "muster sample 1"

# Offices smaller than this call each other by first name and do not number their staff.
SMALL_OFFICE = 15

# Unicode does not decompose these letters: stripping accents alone would lose them in addresses.
LATIN_BY_LETTER = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "ß": "ss",
        "þ": "th",
        "ð": "d",
        "đ": "d",
        "æ": "ae",
        "\u0131": "i",
        "'": "",
    }
)


@dataclass(frozen=True)
class Person:
    """One row of people.csv; the fields are its columns, in this order."""

    organization: str
    email: str
    first_name: str
    last_name: str
    login_name: str
    status: str
    department: str
    location: str
    groups: str
    job_title: str
    employee_number: str


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
        # With numbers of its own, a client that changes leaves the people of the others as they are.
        self.rng = random.Random(f"{SEED} {self.key}")

    def people(self) -> list[Person]:
        visitors = [v for v in self.ingredients["visitors"] if self.key in v["organizations"]]
        numbers = self.rng.sample(range(100, 40_000), self.num_people - len(visitors))
        staff = self.with_login_names([self.staff_member(number) for number in numbers])
        people = staff + [self.visitor(visitor) for visitor in visitors]
        return sorted(people, key=lambda p: (p.last_name, p.first_name, p.email))

    def staff_member(self, number: int) -> Person:
        (first_name, latin_first), (last_name, latin_last) = self.draw_name()
        line = self.draw_department_line()
        job_title = self.draw_job_title(line[0]["name"])
        weights = self.ingredients["weight_by_status"]
        status = self.rng.choices(list(weights), list(weights.values()))[0]
        # Whoever has not accepted has no location, which is chosen when joining, and no number.
        joined = status in {"active", "archived"}
        handle = self.free_handle(latin_first if self.is_small else f"{latin_first}.{latin_last}")
        return Person(
            organization=self.key,
            email=f"{handle}@{self.domain}",
            first_name=first_name,
            last_name=last_name,
            login_name="",
            status=status,
            # A few have none: a member sits in at most one department, not in exactly one.
            department="" if self.rng.random() < 0.04 else line[0]["key"],
            location=self.draw_location() if joined else "",
            groups=";".join(self.draw_groups(line, job_title, is_invited=status != "active")),
            job_title=job_title,
            # Leading zeros are there on purpose: a careless spreadsheet import loses them.
            employee_number=f"{number:05}" if joined and not self.is_small else "",
        )

    def visitor(self, visitor: dict[str, Any]) -> Person:
        """Somebody who works for two clients: one address, and a membership at each."""
        # The two memberships are independent: one may still be waiting while the other is active.
        status = self.rng.choices(["active", "pending"], [3, 1])[0]
        return Person(
            organization=self.key,
            email=visitor["email"],
            first_name=visitor["first_name"],
            last_name=visitor["last_name"],
            login_name="",
            status=status,
            department="",
            location=self.draw_location() if status == "active" else "",
            groups=self.rng.choice(self.organization["groups"])["key"],
            job_title=visitor["job_title"],
            employee_number="",
        )

    def with_login_names(self, people: list[Person]) -> list[Person]:
        """Gives some a login name in place of their address, as shop floors do."""
        # Without an address nobody can be invited: an administrator made these, and they are active.
        eligible = [p for p in people if p.status == "active" and "people-managers" not in p.groups]
        chosen = self.rng.sample(eligible, self.ingredients["num_without_email"].get(self.key, 0))
        # Login names are one namespace for all clients, so a part of the client's key is in them.
        suffix = self.key.split("-")[0]
        return [
            replace(p, email="", login_name=f"{p.email.split('@')[0]}.{suffix}") if p in chosen else p for p in people
        ]

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
            names.append((written, plain_latin(latin or written)))
        return names

    def draw_department_line(self) -> list[dict[str, Any]]:
        """A department, followed by those above it."""
        departments = self.organization["departments"]
        shares = [self.ingredients["departments"][d["name"]]["share"] for d in departments]
        by_key = {department["key"]: department for department in departments}
        line: list[dict[str, Any]] = self.rng.choices(departments, shares)
        while line[-1]["parent"] is not None:
            line.append(by_key[line[-1]["parent"]])
        return line

    def draw_job_title(self, department_name: str) -> str:
        titles: list[str] = self.ingredients["departments"][department_name]["job_titles"]
        # Titles are listed from the common to the rare, so that a team has few who lead it.
        return self.rng.choices(titles, [rank**2 for rank in range(len(titles), 0, -1)])[0]

    def draw_location(self) -> str:
        return str(self.rng.choice(self.organization["locations"])["key"])

    def draw_groups(self, line: list[dict[str, Any]], job_title: str, is_invited: bool) -> list[str]:
        """Groups follow from the job or the department; those that follow from neither are drawn."""
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


def plain_latin(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(LATIN_BY_LETTER))
    return re.sub(r"[^a-z0-9]+", "-", decomposed.encode("ascii", "ignore").decode()).strip("-")


def main() -> None:
    organizations = json.loads((HERE / "organizations.json").read_text(encoding="utf-8"))
    ingredients = json.loads((HERE / "ingredients.json").read_text(encoding="utf-8"))
    with (HERE / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Person))
        for organization in organizations:
            writer.writerows(astuple(person) for person in Client(organization, ingredients).people())


if __name__ == "__main__":
    main()
