"""Who may import whom: the contracts of pyproject.toml, and the order of the modules within a feature."""

import grimp
from importlinter.cli import lint_imports

FEATURES = {
    "access", "notices", "orgs", "catalog", "members", "enrollment", "trainings", "reports", "invites", "joining",
}  # fmt: skip

ROUTES, SERVICE, STORE, MODELS, WORDS = "routes", "service", "store", "models", "schemas and states"
ORDER = [WORDS, MODELS, STORE, SERVICE, ROUTES]


def _layer(module: str) -> str:
    """By its name: what is none of the others is a service."""
    name = module.rsplit(".", 1)[1]
    if name == "routes" or name.endswith("_routes"):
        return ROUTES
    if name == "store" or name.endswith("_store"):
        return STORE
    return MODELS if name == "models" else WORDS if name in ("schemas", "states") else SERVICE


def test_features_know_only_those_below_them_and_only_aws_talks_to_aws() -> None:
    assert lint_imports(no_cache=True) == 0


def test_within_a_feature_routes_know_services_that_know_stores_that_know_models() -> None:
    graph = grimp.build_graph("chalicelib", cache_dir=None)
    wrong = []
    for feature in sorted(FEATURES):
        for importer in sorted(graph.find_children(f"chalicelib.{feature}")):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                same_feature = imported.startswith(f"chalicelib.{feature}.")
                if same_feature and ORDER.index(_layer(imported)) > ORDER.index(_layer(importer)):
                    wrong.append(f"{importer} -> {imported}")
    assert wrong == []


def test_every_feature_is_looked_at() -> None:
    graph = grimp.build_graph("chalicelib", cache_dir=None)
    others = {"aws", "core", "jobs", "mail_jobs", "wiring"}
    assert {module.split(".")[1] for module in graph.find_children("chalicelib")} - others == FEATURES
