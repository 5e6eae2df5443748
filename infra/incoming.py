"""Mail that comes in. The local cloud takes none: here, what SES would do with it is done by hand."""

import json
import uuid

from infra.cloud import Cloud
from infra.deploy import Stack


def take_in(cloud: Cloud, stack: Stack, to: str, raw: bytes, *, spf: str = "PASS", dkim: str = "PASS") -> str:
    """Put the mail into the bucket and tell of it, as SES's receipt rule does; gives the file's key.

    `spf` and `dkim` are SES's verdicts on the sender: PASS, FAIL, GRAY.
    """
    message_id = uuid.uuid4().hex
    key, bucket = f"answers/{message_id}", stack.resources["FilesBucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=raw)
    receipt = {
        "recipients": [to],
        "spamVerdict": {"status": "PASS"}, "virusVerdict": {"status": "PASS"},
        "spfVerdict": {"status": spf}, "dkimVerdict": {"status": dkim},
        "action": {"type": "S3", "bucketName": bucket, "objectKeyPrefix": "answers/", "objectKey": key},
    }  # fmt: skip
    told = {"notificationType": "Received", "mail": {"messageId": message_id}, "receipt": receipt}
    cloud.client("sns").publish(TopicArn=stack.outputs["AnswersTopicArn"], Message=json.dumps(told))
    return key
