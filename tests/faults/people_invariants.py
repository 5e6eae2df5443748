"""What must be true of people and of their invitations, whatever happened before: every item that follows from a
member is there and says the same, nothing else is, and of mails and links there are those that the members tell of.

`people_problems(...)` names everything that is wrong, and is empty when all is well. With `quiet=False` it leaves out
what holds only once nothing is in flight any more.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.aws.items import CoreItem
from chalicelib.core.text import normalized
from chalicelib.notifications.models import queue_pk
from chalicelib.notifications.states import blocks_further_mail
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.invitations.tokens import Token, matches
from chalicelib.people.members.models import Member, OpenInvite, address_pk, invite_sk
from chalicelib.people.members.store import claims_of, entries_of, membership_of

Item = dict[str, Any]
_Told = dict[tuple[str, str], dict[str, Any]]

# What follows from members, by its keys.
_DERIVED = re.compile(
    r"ORG#[^#]+ (EMAIL|LOGIN)#.*"
    r"|ORG#[^#]+#(LEARNERS|GROUP#[^#]+|DEPARTMENT#[^#]+|LOCATION#[^#]+) MEMBER#.*"
    r"|ORG#[^#]+#SEARCH .*"
    r"|ACCOUNT#[^#]+ MEMBER#.*"
    r"|EMAIL#[^ ]+ INVITE#.*"
)
_SAYS = ("status", "member_id", "org_id", "msp_id")
_LINK = re.compile(r"/invites/([\w.~-]+)")

# SES has taken it; SES may have taken it.
_WENT = frozenset({"sent", "delivered", "bounced", "complained"})
_MAY_HAVE_GONE = _WENT | {"sending", "unknown"}

_KINDS = ("invitation", "invitation_again", "invitation_cancelled", "welcome")


def people_problems(
    core: Sequence[Item], outbox: Sequence[Item], sent: Sequence[Item] = (), *, quiet: bool = True
) -> list[str]:
    """Of two tables as they are dumped; `sent` is what lies in SES's mailbox, oldest first."""
    members = _members(core)
    mails = {item["mail_id"]: item for item in outbox if item["pk"].startswith("MAIL#")}
    return [
        *_derived(core, members, _msp_by_org(core)),
        *_invitations(members),
        *_uniqueness(members),
        *_mails(mails, outbox, quiet),
        *_mailbox(mails, sent, members),
        *links_of(members, sent),
        *(_loose_ends(members, mails, outbox) if quiet else ()),
    ]


def _members(core: Sequence[Item]) -> dict[tuple[str, str], Member]:
    """By organization and id."""
    found = (item for item in core if item["pk"].endswith("#MEMBERS"))
    return {(item["pk"].split("#")[1], item["member_id"]): Member(**item) for item in found}


def _msp_by_org(core: Sequence[Item]) -> dict[str, str]:
    return {item["pk"].split("#")[1]: item["msp_id"] for item in core if item["sk"] == "A#MSP" and "msp_id" in item}


def _derived(
    core: Sequence[Item], members: Mapping[tuple[str, str], Member], msp_by_org: Mapping[str, str]
) -> Iterator[str]:
    """Claims, rosters, search, memberships and open invitations are what the members say, and nothing beside.

    Where an invitation was accepted, the address may still lead to it.
    """
    should: _Told = {}
    may: _Told = {}
    for (org_id, member_id), member in members.items():
        msp_id = msp_by_org[org_id]
        items = [*claims_of(org_id, member), *entries_of(org_id, member), *membership_of(msp_id, org_id, member)]
        key = (address_pk(str(member.email)), invite_sk(org_id, member_id))
        invited = OpenInvite(*key, msp_id=msp_id, org_id=org_id, member_id=member_id)
        if member.status in OPEN:
            items.append(invited)
        elif member.email and member.account_id:
            may |= _told([invited])
        should |= _told(items)
    found: _Told = {
        (item["pk"], item["sk"]): {name: item.get(name) for name in _SAYS}
        for item in core
        if _DERIVED.fullmatch(f"{item['pk']} {item['sk']}")
    }
    for key in sorted({*should, *found}):
        if should.get(key) != found.get(key) and (key in should or may.get(key) != found.get(key)):
            yield f"{key[0]} / {key[1]} is {found.get(key)} and should be {should.get(key)}"


def _told(items: Iterable[CoreItem]) -> _Told:
    return {item.key: {name: getattr(item, name, None) for name in _SAYS} for item in items}


def _invitations(members: Mapping[tuple[str, str], Member]) -> Iterator[str]:
    for (_, member_id), member in members.items():
        what = f"{member.status} member {member_id}"
        if member.status in OPEN and not (member.invite_id and member.invite_expires_at and member.mail_id):
            yield f"{what} is invited by nothing"
        if member.status not in OPEN and member.invite_expires_at:
            yield f"{what} has an invitation that will expire"
        if member.status == "cancelled" and member.invite_hash:
            yield f"{what} has a link that works"
        if member.status == "active" and member.invite_id and not member.account_id:
            yield f"{what} accepted under no account"


def _uniqueness(members: Mapping[tuple[str, str], Member]) -> Iterator[str]:
    """One person for an address, and one active member for an account, in each organization."""
    addresses = Counter((org_id, normalized(str(one.email))) for (org_id, _), one in members.items() if one.email)
    accounts = Counter(
        (org_id, str(one.account_id))
        for (org_id, _), one in members.items()
        if one.account_id and one.status == "active"
    )
    yield from (f"{number} members for {whom}" for whom, number in (addresses + accounts).items() if number > 1)


def _mails(mails: Mapping[str, Item], outbox: Sequence[Item], quiet: bool) -> Iterator[str]:
    """Mails are queued until they have an outcome, and each invitation has one mail."""
    queued = {item["sk"]: item["pk"] for item in outbox if item["pk"].startswith("QUEUE#")}
    queues = [item for item in outbox if item["pk"] == "QUEUES"]
    open_pks = {queue_pk(queue["sk"], int(shard)) for queue in queues for shard in queue["shards"]}
    waiting = {mail_id for mail_id, mail in mails.items() if mail["state"] in ("pending", "sending")}
    if waiting - queued.keys():
        yield f"mails without outcome in no queue: {sorted(waiting - queued.keys())}"
    # A mail's outcome is recorded, and then its place deleted. What dies in between leaves it to the next worker.
    if quiet and queued.keys() - waiting:
        yield f"queued mails with an outcome: {sorted(queued.keys() - waiting)}"
    if set(queued.values()) - open_pks:
        yield "a mail is in a shard that no worker reads"
    invited = Counter(_about(mail)["invite_id"] for mail in mails.values() if mail["kind"] in _KINDS[:2])
    yield from (f"{number} mails for invitation {one}" for one, number in invited.items() if number > 1)


def _mailbox(
    mails: Mapping[str, Item], sent: Sequence[Item], members: Mapping[tuple[str, str], Member]
) -> Iterator[str]:
    """SES has had each mail that is said to have gone, once; perhaps those of which it is not known; no others."""
    for kind in ("link", *_KINDS[2:]):
        states = [mail["state"] for mail in mails.values() if _class_of(mail["kind"]) == kind]
        least, most = sum(one in _WENT for one in states), sum(one in _MAY_HAVE_GONE for one in states)
        number = sum(_class_in(mail) == kind for mail in sent)
        if not least <= number <= most:
            yield f"SES has {number} mails of kind {kind}; they are {sorted(states)}"
    for (org_id, member_id), member in members.items():
        secrets = [
            token for token in map(token_in, sent) if token and (token.org_id, token.member_id) == (org_id, member_id)
        ]
        if len(set(secrets)) < len(secrets):
            yield f"a link went out twice to {member.member_id}"


def links_of(members: Mapping[tuple[str, str], Member], sent: Sequence[Item]) -> Iterator[str]:
    """Of the links that were mailed to somebody at most one works: the newest."""
    by_member: dict[tuple[str, str], list[Token]] = defaultdict(list)
    for token in map(token_in, sent):
        if token is not None:
            by_member[token.org_id, token.member_id].append(token)
    for key, tokens in by_member.items():
        works = [matches(token.secret, members[key].invite_hash) for token in tokens]
        if any(works[:-1]):
            yield f"an earlier link of {key[1]} works"


def _loose_ends(
    members: Mapping[tuple[str, str], Member], mails: Mapping[str, Item], outbox: Sequence[Item]
) -> Iterator[str]:
    """Nothing waits or is in doubt; a member says what came of the mail of their invitation."""
    for item in outbox:
        if item["pk"].startswith("QUEUE#"):
            yield f"left over: {item['pk']} / {item['sk']}"
    planned = {
        invite_id for item in outbox if item["sk"] == "WAVE" for invite_id in json.loads(item["invites"]).values()
    }
    for (_, member_id), member in members.items():
        if member.status not in OPEN:
            continue
        mail = mails.get(str(member.mail_id))
        if mail is None:
            if member.invite_id not in planned:
                yield f"nobody will mail {member_id}"
            continue
        if _about(mail)["invite_id"] != member.invite_id:
            yield f"{member_id} shows the mail of another invitation"
        if mail["state"] == "delivered" and member.status != "pending":
            yield f"{member_id} has the mail and is {member.status}"
        if blocks_further_mail(mail["state"], int(mail["rank"])) != bool(member.mail_blocked):
            yield f"{member_id}: the mail is {mail['state']}, and the address is blocked for {member.mail_blocked}"
        if mail["state"] in ("sent", "delivered") and not member.invite_hash:
            yield f"{member_id} has a mail whose link does not work"


def token_in(mail: Item) -> Token | None:
    found = _LINK.search(mail["BodyText"])
    return Token.parse(found[1]) if found else None


def _about(mail: Item) -> dict[str, str]:
    told: dict[str, str] = json.loads(mail["about"])
    return told


def _class_of(kind: str) -> str:
    return "link" if kind in _KINDS[:2] else kind


def _class_in(mail: Item) -> str:
    if token_in(mail):
        return "link"
    return "invitation_cancelled" if "has withdrawn" in mail["Subject"] else "welcome"
