"""What must hold of every packaged template. Each rule gives a sentence for each thing that breaks it.

`make check` applies them, tests/structure proves that each of them can fail.
"""

from infra.rules import state, template, watching
from infra.rules.parts import Rule, Template

RULES: tuple[Rule, ...] = (*template.RULES, *state.RULES, *watching.RULES)


def broken_rules(of: Template) -> list[str]:
    return [sentence for rule in RULES for sentence in rule(of)]
