"""A tenant in which everything is there once, as a fresh copy for each request; and what is stored, without chance.

It is the tenant of tests/stories/tenants/access/tenant_table.py, whose table has a request that works for every route.
"""

import json
import marshal
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest
from ministack.services import cognito, ses

from chalicelib import mailer
from chalicelib.aws import accounts
from chalicelib.notifications import models as notifications_models
from chalicelib.notifications.schemas import Wake
from tests.faults import cloud_digest
from tests.faults.chance import Position, chance
from tests.faults.fake_sqs import FakeSqs, Request
from tests.faults.injector import Injector
from tests.faults.known_ends import known_ends
from tests.gateway import Answer
from tests.harness import World
from tests.stories.tenants.access.tenant_table import TABLE, Tenant

# Of requests rather than of tenants: who asked how often, and what was answered.
_OF_REQUESTS = ("IDEMPOTENCY#", "LIMIT#", "KEYS")

_CHANCE = re.compile(
    r"[0-9A-HJKMNP-TV-Z]{26}"  # ids
    r"|[0-9a-f]{8}-[0-9a-f-]{27}"  # of accounts
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z"  # instants
    r"|[0-9a-f]{32,}"  # hashes
    r"|[\w~-]{22,}"  # secrets
    r"|\b[2-9A-HJKMNP-Z]{18}\b"  # numbers of certificates
    r"|\b\d{10,}\b"  # seconds
    r'|(?<="num_tries": {"N": ")\d+'  # a try that broke counts, too
)


@dataclass
class _Built:
    """The scene when it was new: the local cloud, the tenant, and what the test's world knows of it."""

    state: bytes
    result: Any
    emails: dict[str, str]
    msps: dict[str, str]
    now: datetime
    chance: Position


LEARNER = "Vanquish.learner@example.com"

_BUILT: dict[str, _Built] = {}


class Scene:
    """A world, its callers and queues. `begin` sets all back to what the scene was when it was built."""

    def __init__(self, world: World, injector: Injector, monkeypatch: pytest.MonkeyPatch) -> None:
        # Which queue a mail is in is drawn by lot.
        monkeypatch.setattr(notifications_models, "NUM_QUEUE_SHARDS", 1)
        self.world, self.injector = world, injector
        self.outside = FakeSqs(world)

    def begin(self, build: Callable[[World], Any]) -> Any:
        """What `build` gives, and the state that it left. It runs once in a process."""
        name = f"{build.__module__}.{build.__qualname__}"
        if name not in _BUILT:
            with self.injector.paused():
                result = build(self.world)
            self.mails()
            self.world.messages()
            _BUILT[name] = self.taken(result)
        self.back_to(_BUILT[name])
        return _BUILT[name].result

    def taken(self, result: Any = None) -> _Built:
        world = self.world
        emails, msps = dict(world._email_by_account), dict(world._msp_by_org)
        return _Built(cloud_digest.snapshot(), result, emails, msps, world.now, chance.position)

    def back_to(self, built: _Built) -> None:
        world = self.world
        cloud_digest.restore(built.state)
        world._email_by_account, world._msp_by_org = dict(built.emails), dict(built.msps)
        world.now, chance.position = built.now, built.chance
        known_ends.begin_again()
        # A function asks for it once, and each request here is a new function's first.
        accounts._secret.cache_clear()

    def ask(self, request: Request) -> Answer:
        answer = self.outside.ask(request)
        assert answer is not None
        return answer

    def mails(self) -> list[dict[str, Any]]:
        """Send what is queued; all that SES has taken, oldest first."""
        known_ends.lead(self.world, ("mails",), self._mails)
        return self.sent()

    def _mails(self) -> None:
        while self.world.messages("mail"):
            self.wake()

    def sent(self) -> list[dict[str, Any]]:
        return [mail for mails in ses._sent_emails.to_dict().values() for mail in mails]

    def wake(self) -> None:
        """One wake-up of the mailer, as the queue delivers it."""
        records = [{"messageId": "1", "body": json.dumps(Wake().body())}]
        mailer.send({"Records": records}, clock=lambda: self.world.now, time=self.world.mail_time)

    def stored(self) -> Counter[str]:
        """All items, with a star for whatever differs from run to run."""
        found = [item for short in ("core", "enrollments", "outbox") for item in self.world.raw_dump(short)]
        kept = [item for item in found if not item["pk"]["S"].startswith(_OF_REQUESTS)]
        return Counter(_without_chance(marshal.dumps(item, 2)) for item in kept)


@lru_cache(maxsize=20_000)
def _without_chance(item: bytes) -> str:
    """Most items are the same before and after a request."""
    return _CHANCE.sub("*", json.dumps(marshal.loads(item), sort_keys=True))


# ------------------------------------------------------------ requests of those who are logged in


def tenant(world: World) -> Tenant:
    world.client("ses").verify_domain_identity(Domain="muster.example")
    made = Tenant(world, "Vanquish")
    _give_account(world, made.learner)
    return made


def _give_account(world: World, account_id: str) -> None:
    """The learner's account at Cognito, which elsewhere nobody needs. Cognito itself draws ids of accounts."""
    pool_id = world.stage.environment["USER_POOL_ID"]
    attributes = [{"Name": "email", "Value": LEARNER}, {"Name": "email_verified", "Value": "true"}]
    world.client("cognito-idp").admin_create_user(
        UserPoolId=pool_id, Username="learner", UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    (pool,) = [pool for (*_, name), pool in cognito._user_pools.all_items() if name == pool_id]
    (user,) = pool["_users"].values()
    next(one for one in user["Attributes"] if one["Name"] == "sub")["Value"] = account_id


def table_request(made: Tenant, route: str, key: str) -> Request:
    """The table's request for this route, with the tenant's ids."""
    case = TABLE[route]
    caller = made.learner if case.needs is None else made.admin
    body = case.body(made.ids) if case.body else None
    method = route.split(" ")[0]
    kind = "text/csv" if case.file is not None else "application/json"
    return Request(method, made.path(route), caller, body, key if method == "POST" else None, case.file, kind)
