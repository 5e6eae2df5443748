"""The Pythons that are supported are the same ones everywhere, and the operators' page has AWS's dates for them."""

import re
import tomllib

import cfnlint.data.AdditionalSpecs
from cfnlint.helpers import load_resource

from infra.packaging import PYTHONS, ROOT

LIFECYCLE = load_resource(cfnlint.data.AdditionalSpecs, "LmbdRuntimeLifecycle.json")


def test_operators_know_until_when_lambda_has_each_python() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    told = {found[1]: found[0] for found in re.finditer(r"^\| (3\.\d+) \|.*$", page, re.MULTILINE)}
    dates = {python: LIFECYCLE[f"python{python}"] for python in PYTHONS}
    assert told == {
        python: f"| {python} | {when['deprecated']} | {when['create-block']} | {when['update-block']} |"
        for python, when in dates.items()
    }


def test_no_other_python_installs_it() -> None:
    minors = [int(python.partition(".")[2]) for python in PYTHONS]
    first, after = min(minors), max(minors) + 1
    assert minors == list(range(first, after))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">=3.{first},<3.{after}"
    assert f"(3, {first}) <= sys.version_info < (3, {after})" in (ROOT / "Makefile").read_text()
