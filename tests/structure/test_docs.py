"""What documents name is there: AWS's operations and options, our commands, routes, sections and messages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from chalicelib import worker
from infra.packaging import ROOT

DOCS = ("operations.md", "aws-checklist.md")

# Of every command of AWS's own command line.
_GLOBAL = {"query", "output", "region", "profile"}
# A command of the command line's own, which is no operation.
_NO_OPERATIONS = {("logs", "tail")}

_SESSION = botocore.session.get_session()


def text_of(doc: str) -> str:
    """In one line each: commands are broken where lines end."""
    return re.sub(r"\s*\\?\n\s*", " ", (ROOT / "docs" / doc).read_text(encoding="utf-8"))


def advice() -> str:
    """What the doctor says to do, in its own sources."""
    return "\n".join(file.read_text() for file in sorted((ROOT / "infra" / "doctor").glob("*.py")))


def commands(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Service, operation and the names of the options of everything that begins with `aws`."""
    for found in re.finditer(r"\baws ([a-z0-9-]+) ([a-z0-9-]+)([^`|;]*)", text):
        service, operation, rest = found.groups()
        options = set(re.findall(r"(?<=\s)--([a-z][a-z0-9-]*)", rest.partition(" aws ")[0]))
        yield service, operation, options


@pytest.mark.parametrize("text", [*map(text_of, DOCS), advice().replace('"', "`")], ids=[*DOCS, "doctor"])
def test_commands_of_aws_are_there_with_their_options(text: str) -> None:
    wrong = []
    found = [command for command in commands(text) if command[:2] not in _NO_OPERATIONS]
    assert len(found) > 3
    for service, operation, options in found:
        model = _SESSION.get_service_model(service)
        name_by_command = {xform_name(name, "-"): name for name in model.operation_names}
        if operation not in name_by_command:
            wrong.append(f"aws {service} {operation}")
            continue
        shape = model.operation_model(name_by_command[operation]).input_shape
        known = {xform_name(name, "-") for name in shape.members} if shape is not None else set()
        known |= {f"no-{name}" for name in known}
        wrong += [f"aws {service} {operation} --{option}" for option in sorted(options - known - _GLOBAL)]
    assert wrong == []


@pytest.mark.parametrize("doc", DOCS)
def test_our_commands_are_there(doc: str) -> None:
    text = text_of(doc)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    for module in re.findall(r"python -m (infra[a-z_.]*)", text):
        path = ROOT / Path(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_routes_of_the_checklist_are_there() -> None:
    known = [
        re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")
        for path in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    ]
    asked = re.findall(r"\bapi (/[^\s`]+)", text_of("aws-checklist.md"))
    assert len(asked) > 5
    assert [path for path in asked if not any(one.match(path) for one in known)] == []


def test_sections_that_others_point_to_are_there() -> None:
    """The doctor's advice and the alarms' descriptions."""
    operations = text_of("operations.md")
    alarms = "".join(path.read_text() for path in (ROOT / "infra").glob("alarms*.yaml"))
    sections = re.findall(r'docs/operations\.md, "([^"]+)"', advice()) + re.findall(r'See "([^"]+)"', alarms)
    assert len(sections) > 10
    assert [section for section in sections if f"**{section}" not in operations] == []


def test_the_design_names_every_message_with_its_class_and_its_fields() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `([\w, ]+)` \|", text, re.MULTILINE)
    named = {name: (message, set(fields.split(", "))) for name, message, fields in lines}
    kinds = {kind.name: (kind.message.__name__, set(kind.message.model_fields) - {"job"}) for kind in worker._KINDS}
    assert named == kinds
