"""Who may import whom: the contracts of pyproject.toml, and what is said by the names of modules within rooms."""

from collections.abc import Iterator

import grimp
from importlinter.cli import lint_imports

ROUTES, SERVICE, STORE, MODELS, WORDS = "routes", "service", "store", "models", "schemas and states"
ORDER = [WORDS, MODELS, STORE, SERVICE, ROUTES]

GRAPH = grimp.build_graph("chalicelib", include_external_packages=True, cache_dir=None)

WINGS = ("api", "portal", "reporting", "training", "people", "tenants", "jobs", "notifications")

# By their names; what is none of these is a service, and what is in `api` are routes.
LAYER_BY_ENDING = {"store": STORE, "models": MODELS, "schemas": WORDS, "states": WORDS}
LAYER_BY_NAME = {
    # Gives the writes of due entries, as stores do.
    "mail_events": STORE,
    "due": STORE,
    "messages": WORDS,
    "job": WORDS,
    "events": WORDS,
    "local_dates": WORDS,
    "limits": WORDS,
}


def layer_of(module: str) -> str:
    """`batch_store` is a store."""
    if module.startswith(("chalicelib.api.", "chalicelib.portal.")):
        return ROUTES
    name = module.rsplit(".", 1)[1]
    return LAYER_BY_NAME.get(name) or LAYER_BY_ENDING.get(name.rsplit("_", 1)[-1], SERVICE)


def _modules() -> Iterator[tuple[str, str]]:
    """The modules of all rooms, each with its room."""
    for wing in WINGS:
        for module in sorted(GRAPH.find_descendants(f"chalicelib.{wing}")):
            if not GRAPH.find_children(module):
                yield module.rsplit(".", 1)[0], module


def _imported_by(module: str) -> list[str]:
    return sorted(GRAPH.find_modules_directly_imported_by(module))


def test_rooms_know_only_those_below_them_and_only_aws_talks_to_aws() -> None:
    assert lint_imports(no_cache=True) == 0


def test_within_a_room_services_know_stores_that_know_models() -> None:
    wrong = [
        f"{module} -> {imported}"
        for room, module in _modules()
        for imported in _imported_by(module)
        if imported.rsplit(".", 1)[0] == room
        if ORDER.index(layer_of(imported)) > ORDER.index(layer_of(module))
    ]
    assert wrong == []


def test_only_stores_and_models_know_pynamodb() -> None:
    wrong = [
        f"{module} -> pynamodb"
        for _, module in _modules()
        if "pynamodb" in _imported_by(module) and layer_of(module) not in (MODELS, STORE)
    ]
    assert wrong == []


def test_chalice_reaches_into_the_web_at_three_places() -> None:
    known = {module for module in GRAPH.find_children("chalicelib.web") if "chalice" in _imported_by(module)}
    assert known == {"chalicelib.web.routing", "chalicelib.web.problems", "chalicelib.web.downloads"}


# What a page needs of a room is in its services. These are types that services hand out, and no reads.
TYPES_FOR_PAGES = {
    "chalicelib.aws.accounts",
    "chalicelib.training.batches.store",
    "chalicelib.training.rollouts.drafts.models",
    "chalicelib.training.sessions.enrolling.drafts.models",
    "chalicelib.web.sessions.models",
}


def test_pages_call_services_and_never_the_tables() -> None:
    wrong = [
        f"{module} -> {imported}"
        for module in sorted(GRAPH.find_descendants("chalicelib.portal"))
        for imported in _imported_by(module)
        if imported.startswith("chalicelib.") and imported not in TYPES_FOR_PAGES
        if imported.startswith("chalicelib.aws.") or layer_of(imported) in (STORE, MODELS)
    ]
    assert wrong == []
