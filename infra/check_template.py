"""Package every stage; cfn-lint and our own rules judge the template that CloudFormation would get."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from infra.packaging import ROOT, STAGES, package
from infra.rules import broken_rules


def packaged_template(stage: str) -> tuple[Path, dict[str, Any]]:
    """Its file, and what it says."""
    file = package(stage, ROOT / ".muster") / "sam.yaml"
    return file, dict(yaml.safe_load(file.read_text()))


def lint(template: Path) -> str:
    """What cfn-lint has to say; empty when it has nothing. No rule of it is ignored."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main() -> None:
    for stage in STAGES:
        file, template = packaged_template(stage)
        found = lint(file) + "\n".join(broken_rules(template))
        if found:
            sys.exit(f"{stage}: {found}")
    print(f"the template is as it should be for {' and '.join(STAGES)}")


if __name__ == "__main__":
    main()
