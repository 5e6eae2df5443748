"""The account that a stage is in, and what it lets functions do."""

import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.doctor.findings import Finding, bad, ok, warn
from infra.packaging import ROOT, TEMPLATE_PARTS

# What the API, the sweep and SES's news take at once in a busy hour, beside the queues' readers.
_ROOM = 50

_ASK_FOR_MORE = 'Ask AWS for 1,000: Service Quotas, AWS Lambda, "Concurrent executions" (L-B99A9384).'


def no_region() -> Finding:
    return bad("no region is chosen", "Set AWS_DEFAULT_REGION, or give the profile a region.")


def credentials(sts: Any, region: str) -> Finding:
    try:
        who = sts.get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return bad(f"AWS does not take them: {error}", "Log in: aws sts get-caller-identity has to answer.")
    return ok(f"account {who['Account']} in {region}, as {who['Arn']}")


def concurrency(lambda_: Any, taken_by_queues: int) -> Finding:
    """`taken_by_queues` is how many functions the queues may have running at once."""
    limit = lambda_.get_account_settings()["AccountLimit"]
    free = limit["UnreservedConcurrentExecutions"]
    says = f"{limit['ConcurrentExecutions']} at once, {free} of them not reserved; queues take {taken_by_queues}"
    if free < taken_by_queues:
        return bad(f"{says}: jobs would keep people from the API", _ASK_FOR_MORE)
    if free < taken_by_queues + _ROOM:
        return warn(f"{says}: little is left for the API", _ASK_FOR_MORE)
    return ok(says)


def concurrency_of_queues() -> int:
    """By the template's parts as they are written, for there may be no stage yet. Of a parameter its default counts."""
    text = "\n".join((ROOT / "infra" / part).read_text() for part in TEMPLATE_PARTS)
    defaults = dict(re.findall(r"^  (\w+Concurrency):\n    Type: Number\n    Default: (\d+)$", text, re.MULTILINE))
    return sum(int(defaults.get(value, value)) for value in re.findall(r"MaximumConcurrency: *(?:!Ref )?(\w+)", text))
