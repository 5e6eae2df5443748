"""The deployed stage as its users meet it: HTTP with tokens from Cognito, and nothing of ours in between."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.aws.accounts import Accounts, Tokens
from infra.cloud import Cloud
from infra.deploy import Stack
from tests import patience
from tests.cloud_fixture import Stage
from tests.gateway import Answer
from tests.harness import World
from tests.patience import SILENCE

T = TypeVar("T")

PASSWORD = "Correct-horse-7"

# Where calendar programs answer.
ANSWERS_DOMAIN = "answers.muster.example.com"


@dataclass(frozen=True)
class Person:
    """`token` is an ID token."""

    account_id: str
    email: str
    token: str


class Deployed:
    """`make` has the factories of the story tests, writing to the deployed tables."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self.cloud = cloud
        self.stack = stack
        self.url = cloud.api_url(stack.resources["RestAPI"], stack.stage)
        tables = {name: stack.resources[f"{name.title()}Table"] for name in ("core", "enrollments", "outbox")}
        self.make = World(cloud, Stage(tables, {"jobs": stack.resources["JobsQueue"]}, {}))

    def person(self, email: str | None = None) -> Person:
        """Somebody with a Cognito account, logged in."""
        email = email or f"{uuid.uuid4().hex[:10]}@example.com"
        cognito = self.cloud.client("cognito-idp")
        pool = self.stack.resources["UserPool"]
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        name = uuid.uuid4().hex
        cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        user = cognito.admin_get_user(UserPoolId=pool, Username=name)
        sub = next(entry["Value"] for entry in user["UserAttributes"] if entry["Name"] == "sub")
        return Person(sub, email, self.tokens(email)["IdToken"])

    def tokens(self, email: str) -> dict[str, str]:
        """Past the API, which would have so many log-ins from one address wait."""
        accounts = Accounts(self.stack.resources["UserPool"], self.stack.resources["UserPoolClient"])
        found = accounts.log_in(email, PASSWORD)
        assert isinstance(found, Tokens)
        return {"IdToken": found.id_token, "AccessToken": found.access_token}

    def msp_admin(self, msp_id: str) -> Person:
        person = self.person()
        self.make._email_by_account[person.account_id] = person.email
        self.make.msp_admin(msp_id, person.account_id)
        return person

    def org_admin(self, org_id: str, **scope: Any) -> Person:
        """`scope` holds `role`, and its departments or permissions."""
        person = self.person()
        self.make._email_by_account[person.account_id] = person.email
        self.make.org_admin(org_id, person.account_id, **scope)
        return person

    def send(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = json.dumps(body).encode() if body is not None else raw
        given = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            given["Authorization"] = token
        request = urllib.request.Request(self.url + path, sent, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SILENCE) as answer:
                return _answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), error.headers)

    def get(self, path: str, who: Person) -> Any:
        answer = self.send("GET", path, who.token)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, who: Person, body: Any = None, status: int = 202) -> Any:
        answer = self.send("POST", path, who.token, body, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.status == status, answer.text
        return answer.json

    def until(self, ask: Callable[[], T], good: Callable[[T], bool]) -> T:
        """Ask again until the answer is good, for as long as functions are at work."""
        return patience.until(ask, good, self._work_done)

    def _work_done(self) -> dict[str, int]:
        """The size of each function's log, which grows with each invocation.

        Without those that are invoked all the time: the API, by whoever waits, and the sweep.
        """
        groups = self.cloud.client("logs").describe_log_groups(logGroupNamePrefix="/muster")["logGroups"]
        sizes = {group["logGroupName"]: group["storedBytes"] for group in groups}
        return {name: size for name, size in sizes.items() if not name.endswith(("/api", "/sweeper"))}

    @contextmanager
    def variables(self, function: str, more: dict[str, str]) -> Iterator[None]:
        """Give a function more environment for a while."""
        client = self.cloud.client("lambda")
        name = self.stack.resources[function]
        before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": {**before, **more}})
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before})


def _answer(status: int, body: bytes, headers: Any) -> Answer:
    text = body.decode()
    is_json = "json" in headers.get("Content-Type", "")
    return Answer(
        status, json.loads(text) if is_json and text else None, text, {k.lower(): v for k, v in headers.items()}
    )
