"""Who may import whom: the contracts of pyproject.toml, and what is said by the names of modules within features."""

from collections.abc import Iterator

import grimp
from importlinter.cli import lint_imports

FEATURES = {
    "access", "notices", "orgs", "catalog", "members", "enrollment", "trainings", "reports", "invites", "joining",
}  # fmt: skip
OTHERS = {"aws", "core", "jobs", "mail_jobs", "wiring"}

_WORDS = {"schemas", "states", "pages", "messages"}
ROUTES, SERVICE, STORE, MODELS, WORDS = "routes", "service", "store", "models", "schemas and states"
ORDER = [WORDS, MODELS, STORE, SERVICE, ROUTES]

GRAPH = grimp.build_graph("chalicelib", include_external_packages=True, cache_dir=None)


# By their names; what is none of these is a service.
LAYER_BY_NAME = {
    "routes": ROUTES,
    "store": STORE,
    # Gives the writes of due entries, as stores do.
    "mail_due": STORE,
    "models": MODELS,
    "schemas": WORDS,
    "pages": WORDS,
    "messages": WORDS,
    "states": WORDS,
    "calendar": WORDS,
}


def _layer(module: str) -> str:
    """`batch_store` is a store, `learner_routes` are routes."""
    name = module.rsplit(".", 1)[1]
    return LAYER_BY_NAME.get(name) or LAYER_BY_NAME.get(name.rsplit("_", 1)[-1], SERVICE)


def _modules() -> Iterator[tuple[str, str]]:
    """The modules of all features, each with its feature."""
    for feature in sorted(FEATURES):
        for module in sorted(GRAPH.find_children(f"chalicelib.{feature}")):
            yield feature, module


def _imported_by(module: str) -> list[str]:
    return sorted(GRAPH.find_modules_directly_imported_by(module))


def test_features_know_only_those_below_them_and_only_aws_talks_to_aws() -> None:
    assert lint_imports(no_cache=True) == 0


def test_every_feature_is_looked_at() -> None:
    assert {module.split(".")[1] for module in GRAPH.find_children("chalicelib")} - OTHERS == FEATURES


def test_within_a_feature_routes_know_services_that_know_stores_that_know_models() -> None:
    wrong = [
        f"{module} -> {imported}"
        for feature, module in _modules()
        for imported in _imported_by(module)
        if imported.startswith(f"chalicelib.{feature}.")
        if ORDER.index(_layer(imported)) > ORDER.index(_layer(module))
    ]
    assert wrong == []


def test_services_know_neither_pynamodb_nor_chalice_and_only_routes_know_the_wiring() -> None:
    may_import = {"pynamodb": {MODELS, STORE}, "chalice": {ROUTES}, "chalicelib.wiring": {ROUTES}}
    wrong = [
        f"{module} -> {imported}"
        for _, module in _modules()
        for imported in _imported_by(module)
        if imported in may_import and _layer(module) not in may_import[imported]
    ]
    assert wrong == []


def test_chalice_reaches_into_the_core_at_two_places() -> None:
    known = {module for module in GRAPH.find_children("chalicelib.core") if "chalice" in _imported_by(module)}
    assert known == {"chalicelib.core.http", "chalicelib.core.problems"}
