"""Items of sessions. Instants are milliseconds since 1970: a log-in right after a log-out is a later one."""

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import OutboxItem
from chalicelib.aws.table import Ref

ENDED_SK = "ENDED"
_SESSION = "SESSION#"


def sessions_pk(account_id: str) -> str:
    return f"SESSIONS#{account_id}"


def session_sk(secret_hash: str) -> str:
    return _SESSION + secret_hash


class BrowserSession(OutboxItem):
    """`SESSIONS#<account>` / `SESSION#<hash of the secret>`. Who reads the table cannot log in by what is in it.

    `kept`: the person said that the device is their own. `email` is the verified address of the account, if any.
    `form_hash` names the form of the log-in: pressed twice, it begins two sessions, of which the browser has one.
    """

    PERSONAL = frozenset({"email", "first_name", "last_name", "device"})

    account_id = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(default="")
    last_name = UnicodeAttribute(default="")
    device = UnicodeAttribute(default="")
    form_hash = UnicodeAttribute(default="")
    kept = BooleanAttribute(default=False)
    created = NumberAttribute()
    seen = NumberAttribute()
    ttl = NumberAttribute()

    @property
    def session_id(self) -> str:
        """Names the session, and opens nothing: the secret cannot be computed from it."""
        return str(self.sk).removeprefix(_SESSION)


class SessionsEnded(OutboxItem):
    """`SESSIONS#<account>` / `ENDED`: every session of the account that was created before `before` is over."""

    before = NumberAttribute()
    ttl = NumberAttribute()


class KeptPost(OutboxItem):
    """`KEPT#<hash of the browser's secret>` / `POST`: a form that came without a session, sealed for its browser."""

    sealed = BinaryAttribute(legacy_encoding=False)
    ends = NumberAttribute()
    ttl = NumberAttribute()


def kept_post_ref(secret_hash: str) -> Ref[KeptPost]:
    return Ref(KeptPost, f"KEPT#{secret_hash}", "POST")
