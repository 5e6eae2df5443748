"""Items of requests that a mailed code confirms."""

from datetime import timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem, OutboxItem

CODE_GOOD_FOR = timedelta(minutes=30)

# Of 100,000,000 codes.
MAX_CODE_TRIES = 5


class CodedRequest(OutboxItem):
    """What every request with a mailed code has. The hash is absent until the mail with the code was written."""

    code_hash = UnicodeAttribute(null=True)
    code_expires_at = UnicodeAttribute(null=True)
    num_tries = NumberAttribute(default=0)

    @property
    def has_tries_left(self) -> bool:
        return int(self.num_tries) < MAX_CODE_TRIES


class EmailChange(CodedRequest):
    """`EMAIL_CHANGE#<account>` / `CHANGE`: the latest change of address that an account asked for.

    `proven_at`: the code was entered. From then on the change may be carried out as often as it takes.
    """

    PERSONAL = frozenset({"email"})

    change_id = UnicodeAttribute()
    email = UnicodeAttribute()
    proven_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


class EmailNotice(OutboxItem):
    """`EMAIL_CHANGE#<account>` / `NOTICE#<change id>`: the old address, told of the change; for a week."""

    PERSONAL = frozenset({"email"})

    email = UnicodeAttribute()
    ttl = NumberAttribute()


def notice_sk(change_id: str) -> str:
    return f"NOTICE#{change_id}"


EMAIL_CHANGE_SK = "CHANGE"


def email_change_pk(account_id: str) -> str:
    return f"EMAIL_CHANGE#{account_id}"


class LoginNameClaim(CoreItem):
    """`LOGIN_NAME#<name>` / `CLAIM`: whose the name is. Names of accounts are one for all organizations.

    It is there before the account, so that who comes again after a failure finds the account to be theirs.
    """

    PERSONAL = frozenset({"pk"})

    org_id = UnicodeAttribute()
    member_id = UnicodeAttribute()


LOGIN_NAME_SK = "CLAIM"


def login_name_pk(name: str) -> str:
    return f"LOGIN_NAME#{name}"
