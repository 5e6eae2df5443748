"""cosmic-ray with changes of our own, and without those that say nothing. Runs in the tool's environment.

    python tests/mutants/tool.py init|exec|dump ...              cosmic-ray's own commands
    python tests/mutants/tool.py choose SESSION MODULE MOST      leave out what says nothing, and more than MOST

cosmic-ray changes operators, numbers and `not`. Here a rule is as often a set of states, a condition of a write, or a
call that must not be missing: each of them is dropped, one at a time.
"""

import ast
import random
import sys
from pathlib import Path
from typing import Any

import cosmic_ray.cli
import cosmic_ray.plugins
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult
from parso.python.tree import Keyword

# The same choice in every run.
_SEED = 1

_Position = tuple[int, int]
_Span = tuple[_Position, _Position]


# Positions are lists: cosmic-ray changes the tree while it walks over them.


class DropOperand(Operator):
    """One side of `&`, `|`, `and`, `or`: conditions of writes, and of branches."""

    def mutation_positions(self, node: Any) -> list[_Span]:
        is_any = node.type in ("and_expr", "expr", "and_test", "or_test")
        return [(one.start_pos, one.end_pos) for one in node.children[::2]] if is_any else []

    def mutate(self, node: Any, index: int) -> Any:
        return _without(node, slice(0, 2) if index == 0 else slice(2 * index - 1, 2 * index + 1))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("a & b & c", "a & c", 1),)


class DropElement(Operator):
    """One element of a set, list, tuple or dictionary that is written out with several."""

    def mutation_positions(self, node: Any) -> list[_Span]:
        is_any = node.type in ("dictorsetmaker", "testlist_comp") and not _is_comprehension(node)
        parts = _elements(node) if is_any else []
        return [(node.children[a].start_pos, node.children[b - 1].end_pos) for a, b in parts if len(parts) > 1]

    def mutate(self, node: Any, index: int) -> Any:
        start, end = _elements(node)[index]
        if node.parent.children[0] == "(" and len(_elements(node)) == 2:
            # A tuple stays one: `a,` or `b,`.
            comma, left = node.children[1], node.children[2 if index == 0 else 0]
            left.get_first_leaf().prefix = node.get_first_leaf().prefix
            node.children = [left, comma]
            return node
        # With the comma behind it, or the one before the last.
        return _without(node, slice(start, end + 1) if end < len(node.children) else slice(start - 1, end))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("{a, b}", "{a}", 1), Example("{a: 1, b: 2}", "{b: 2}"), Example("(a, b)", "(a,)", 1))


class DropStatement(Operator):
    """A call, a count or an error that is a statement of its own."""

    def mutation_positions(self, node: Any) -> list[_Span]:
        is_any = node.parent is not None and node.parent.type == "simple_stmt" and _does_something(node)
        return [(node.start_pos, node.end_pos)] if is_any else []

    def mutate(self, node: Any, index: int) -> Any:
        done = Keyword("pass", node.start_pos, node.get_first_leaf().prefix)
        done.parent = node.parent
        return done

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("if a:\n    b()\n", "if a:\n    pass\n"),)


_OWN = {operator.__name__: operator for operator in (DropOperand, DropElement, DropStatement)}

cosmic_ray.plugins.OPERATOR_PROVIDERS["own"] = _OWN


def _does_something(node: Any) -> bool:
    if node.type == "expr_stmt":
        return str(node.children[1].type) == "operator" and node.children[1].value in ("+=", "-=", "|=")
    is_call = node.type == "atom_expr" and node.children[-1].type == "trailer" and node.children[-1].children[0] == "("
    return is_call or node.type in ("raise_stmt", "yield_expr")


def _is_comprehension(node: Any) -> bool:
    return any(child.type in ("comp_for", "sync_comp_for") for child in node.children)


def _elements(node: Any) -> list[tuple[int, int]]:
    """Where the elements are among the children, between commas."""
    commas = [index for index, child in enumerate(node.children) if child == ","]
    bounds = zip([-1, *commas], [*commas, len(node.children)], strict=True)
    return [(before + 1, after) for before, after in bounds if after > before + 1]


def _without(node: Any, part: slice) -> Any:
    prefix = node.get_first_leaf().prefix
    del node.children[part]
    left = node if len(node.children) > 1 else node.children[0]
    left.parent = node.parent if left is not node else left.parent
    left.get_first_leaf().prefix = prefix
    return left


# What each operator becomes: one other. Most of the rest raise TypeError with what is no number: any test notices that.
_BINARY = {
    "Add": "Sub", "Sub": "Add", "Mul": "Div", "Div": "Mul", "FloorDiv": "Mul", "Mod": "Mul", "Pow": "Mul",
    "RShift": "LShift", "LShift": "RShift", "BitOr": "BitAnd", "BitAnd": "BitOr", "BitXor": "BitAnd",
}  # fmt: skip


def _says_something(operator: str, span: _Span, source: list[str], untold: list[_Span]) -> bool:
    name, _, change = operator.partition("/")[2].partition("_")
    before, _, after = change.partition("_")
    if any(start <= span[0] and span[1] <= end for start, end in untold):
        return False
    if name == "ReplaceBinaryOperator":
        return _BINARY[before] == after
    if name == "ReplaceUnaryOperator":
        # Of numbers `~` makes much the same as `-`.
        return after != "Invert"
    if name == "ReplaceComparisonOperator":
        # Whether equal values are one object is the interpreter's affair.
        return (before in ("Is", "IsNot")) == (after in ("Is", "IsNot"))
    return name == "RemoveDecorator" or not source[span[0][0] - 1].lstrip().startswith("@")


def _annotations(source: str) -> list[_Span]:
    """Where nothing happens when the module runs."""
    found: list[_Span] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arguments) and node.kwonlyargs and not node.vararg:
            # The `*` before them is no operator.
            one = node.kwonlyargs[0]
            found.append(((one.lineno, 0), (one.lineno, one.col_offset)))
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if isinstance(part, ast.expr):
                found.append(((part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0)))
    return found


def choose(session: str, module: str, most: int) -> None:
    source = Path(module).read_text()
    untold, lines = _annotations(source), source.splitlines()
    with use_db(session, WorkDB.Mode.open) as db:
        told, others = [], []
        for item in sorted(db.work_items, key=lambda item: (item.mutations[0].start_pos, _name(item))):
            (one,) = item.mutations
            says = _says_something(one.operator_name, (one.start_pos, one.end_pos), lines, untold)
            (told if says else others).append(item.job_id)
        chosen = set(random.Random(_SEED).sample(told, min(most, len(told))))
        skipped = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
        db.set_multiple_results([*others, *(job for job in told if job not in chosen)], skipped)
        print(len(told))


def _name(item: Any) -> str:
    return f"{item.mutations[0].operator_name} {item.mutations[0].occurrence}"


if __name__ == "__main__":
    if sys.argv[1] == "choose":
        choose(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(cosmic_ray.cli.main())
