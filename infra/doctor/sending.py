"""Whether mail can go out: SES's word on the sender and on the account. `account` is what GetAccount answers."""

from collections.abc import Mapping
from typing import Any

from infra.doctor.findings import Finding, bad, ok, warn
from infra.doctor.stack import Resource

Account = Mapping[str, Any]

_NEWS = {"DELIVERY", "BOUNCE", "COMPLAINT"}
_KEPT = {"BOUNCE", "COMPLAINT"}
# As SES lists them on a page.
_PAGE = 1000


def identity(ses: Any, mail_from: str) -> Finding:
    """The sender's address or domain, or a domain above it, has to be verified."""
    if not mail_from:
        return warn("nobody said who sends", "Say MAIL_FROM=training@example.com, or deploy first.")
    candidates = identities(mail_from)
    known = ses.get_identity_verification_attributes(Identities=candidates)["VerificationAttributes"]
    states = {name: known[name]["VerificationStatus"] for name in candidates if name in known}
    verified = next((name for name, state in states.items() if state == "Success"), None)
    if verified is None:
        told = ", ".join(f"{name} is {state}" for name, state in states.items()) or "SES knows none of them"
        return bad(
            f"{mail_from} may not send: {told}",
            f"Verify {mail_from.rpartition('@')[2]} in SES (Identities, Create identity): its records go into DNS.",
        )
    signed = ses.get_identity_dkim_attributes(Identities=[verified])["DkimAttributes"].get(verified, {})
    if not signed.get("DkimEnabled") or signed.get("DkimVerificationStatus") != "Success":
        state = signed.get("DkimVerificationStatus", "unknown")
        return warn(
            f"{verified} is verified, but its mails are not signed (DKIM: {state})",
            "Publish the three DKIM records that SES shows, or mail lands among spam.",
        )
    return ok(f"{verified} is verified and signs")


def identities(mail_from: str) -> list[str]:
    """By which of them SES lets this address send, the nearest first: not by a top-level domain."""
    labels = mail_from.rpartition("@")[2].split(".")
    return [mail_from, *(".".join(labels[number:]) for number in range(len(labels) - 1))]


def sandbox(account: Account, stage: str) -> Finding:
    if account["ProductionAccessEnabled"]:
        return ok("out of the sandbox")
    level = bad if stage == "prod" else warn
    return level(
        "in the sandbox: only verified addresses get mail, 200 a day",
        "Ask for production access: SES, Account dashboard, Request production access.",
    )


def sending(account: Account) -> Finding:
    status = account.get("EnforcementStatus", "unknown")
    if not account["SendingEnabled"] or status == "SHUTDOWN":
        return bad(f"SES sends nothing for this account (enforcement {status})", _REVIEW)
    if status != "HEALTHY":
        return warn(f"SES sends, but the account is on {status}", _REVIEW)
    return ok("SES sends, and has nothing against the account")


_REVIEW = 'Answer SES\'s review; docs/operations.md, "SES takes no mail".'


def quota(account: Account, mail_rate: int) -> Finding:
    """`mail_rate` is how many mails a second this stage sends at most."""
    said = account["SendQuota"]
    most, sent, a_day = said["MaxSendRate"], said["SentLast24Hours"], said["Max24HourSend"]
    # -1 is without limit.
    of_day = "any number a day" if a_day < 0 else f"{sent:,.0f} of {a_day:,.0f} sent in 24 hours"
    says = f"{most:g} mails a second allowed, MAIL_RATE {mail_rate}; {of_day}"
    if mail_rate > most:
        return bad(says, f"Deploy with MAIL_RATE={int(most)}, or ask for a higher rate: Service Quotas, Amazon SES.")
    if 0 <= a_day <= sent:
        return bad(f"{says}: the day is used up", _MORE)
    if 0 <= a_day * 0.8 <= sent:
        return warn(f"{says}: the day is nearly used up", _MORE)
    return ok(says)


_MORE = 'Mails wait until tomorrow, in turn. Ask for more: Service Quotas, Amazon SES, "Sending quota".'


def suppression(account: Account, sesv2: Any) -> Finding:
    """Whether SES keeps from sending again to what bounced or complained, and whom it keeps from it."""
    kept = set(account.get("SuppressionAttributes", {}).get("SuppressedReasons", []))
    if not kept >= _KEPT:
        return warn(
            f"not remembered: {', '.join(sorted(_KEPT - kept)).lower()}; SES mails such addresses again",
            "aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT",
        )
    if not account["ProductionAccessEnabled"]:
        # Within the sandbox SES shows its list to nobody.
        return ok("bounces and complaints are remembered")
    page = sesv2.list_suppressed_destinations(PageSize=_PAGE)
    number = len(page.get("SuppressedDestinationSummaries", []))
    told = f"more than {_PAGE:,}" if page.get("NextToken") else f"{number:,}"
    return ok(f"bounces and complaints are remembered; addresses in the list: {told}")


def news(sesv2: Any, configuration_sets: list[Resource], topic_arn: str) -> Finding:
    """Whether SES tells the stage what became of its mails."""
    if not configuration_sets:
        return warn("the stage has no configuration set: news of mails hangs on the identity", "Deploy this version.")
    for one in configuration_sets:
        told = sesv2.get_configuration_set_event_destinations(ConfigurationSetName=one.id).get("EventDestinations", [])
        ours = [to for to in told if to.get("SnsDestination", {}).get("TopicArn") == topic_arn and to.get("Enabled")]
        missing = _NEWS - {kind for to in ours for kind in to["MatchingEventTypes"]}
        if missing:
            return bad(
                f"{one.id} does not tell the stage of {', '.join(sorted(missing)).lower()}",
                "Mails would stay sent for ever. Deploy again; the template has the event destination.",
            )
    return ok("deliveries, bounces and complaints are told to the stage")
