"""Each rule of the template can fail: a sound template is spoiled in one place, and the rule says so."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.check_template import lint, packaged_template
from infra.rules import RULES
from infra.rules.parts import Rule, Template
from tests.structure.rules import spoiled_queues, spoiled_state, spoiled_template, spoiled_watching

SPOILED = [*spoiled_queues.SPOILED, *spoiled_template.SPOILED, *spoiled_state.SPOILED, *spoiled_watching.SPOILED]


@pytest.fixture(scope="module")
def sound() -> Template:
    return packaged_template("dev")[1]


@pytest.fixture
def template(sound: Template) -> Template:
    # Through JSON, for YAML's anchors make one object of what is only equal.
    copied: Template = json.loads(json.dumps(sound))
    return copied


@pytest.mark.parametrize(("spoil", "rule"), SPOILED, ids=lambda value: value.__name__)
def test_a_spoiled_template_is_noticed(template: Template, spoil: Callable[[Template], None], rule: Rule) -> None:
    assert list(rule(template)) == []
    spoil(template)
    assert list(rule(template)) != []


def test_every_rule_was_seen_to_fail() -> None:
    assert {rule for _, rule in SPOILED} == set(RULES)


def test_cfn_lint_notices_what_does_not_exist(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "NoSuchParameter"}}}
    file = tmp_path / "sam.json"
    file.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Files": bucket}}))
    assert "NoSuchParameter" in lint(file)
