"""A sound template, spoiled in one place each: what holds state."""

from infra.rules import state
from infra.rules.parts import Template
from tests.structure.rules.spoiling import Spoiled, properties


def table_deleted_with_the_stack(template: Template) -> None:
    template["Resources"]["CoreTable"]["DeletionPolicy"] = "Delete"


def accounts_lost_when_replaced(template: Template) -> None:
    del template["Resources"]["UserPool"]["UpdateReplacePolicy"]


def secret_lost_with_the_stack(template: Template) -> None:
    template["Resources"]["Key"] = {"Type": "AWS::SecretsManager::Secret", "Properties": {}}


def table_that_anybody_deletes(template: Template) -> None:
    properties(template, "CoreTable")["DeletionProtectionEnabled"] = False


def accounts_that_anybody_deletes(template: Template) -> None:
    del properties(template, "UserPool")["DeletionProtection"]


def table_that_cannot_be_restored(template: Template) -> None:
    del properties(template, "OutboxTable")["PointInTimeRecoverySpecification"]


def table_that_starts_cold(template: Template) -> None:
    del properties(template, "OutboxTable")["WarmThroughput"]


def index_that_starts_cold(template: Template) -> None:
    del properties(template, "EnrollmentsTable")["GlobalSecondaryIndexes"][0]["WarmThroughput"]


def table_that_starts_lukewarm(template: Template) -> None:
    properties(template, "CoreTable")["WarmThroughput"]["Fn::If"][1]["WriteUnitsPerSecond"] = 4000


def anchors_that_root_deletes(template: Template) -> None:
    lock = properties(template, "AnchorsBucket")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    lock["Mode"]["Fn::If"][1] = "GOVERNANCE"


def anchors_without_a_lock(template: Template) -> None:
    del properties(template, "AnchorsBucket")["ObjectLockConfiguration"]


def anchors_locked_for_a_year(template: Template) -> None:
    lock = properties(template, "AnchorsBucket")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    lock["Days"]["Fn::If"][1] = 365


def anchors_that_a_function_deletes(template: Template) -> None:
    for policy in properties(template, "WorkerRole")["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Sid"] == "Anchors":
                statement["Action"].append("s3:DeleteObjectVersion")


SPOILED: Spoiled = [
    (table_deleted_with_the_stack, state.state_is_retained),
    (accounts_lost_when_replaced, state.state_is_retained),
    (secret_lost_with_the_stack, state.state_is_retained),
    (table_that_anybody_deletes, state.state_is_retained),
    (accounts_that_anybody_deletes, state.state_is_retained),
    (table_that_cannot_be_restored, state.state_is_retained),
    (table_that_starts_cold, state.tables_start_warm),
    (index_that_starts_cold, state.tables_start_warm),
    (table_that_starts_lukewarm, state.tables_start_warm),
    (anchors_that_root_deletes, state.anchors_cannot_be_rewritten),
    (anchors_without_a_lock, state.anchors_cannot_be_rewritten),
    (anchors_locked_for_a_year, state.anchors_cannot_be_rewritten),
    (anchors_that_a_function_deletes, state.anchors_cannot_be_rewritten),
]
