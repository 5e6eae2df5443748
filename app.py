"""Table of contents: which routes there are, and which function answers which event. No logic."""

from chalice import Chalice, CORSConfig

from chalicelib.access.routes import routes as access
from chalicelib.catalog.routes import routes as catalog
from chalicelib.core.problems import answer_problems
from chalicelib.core.settings import allowed_origin
from chalicelib.members.routes import routes as members
from chalicelib.orgs.routes import routes as orgs
from chalicelib.orgs.structure_routes import routes as structure

app = Chalice("muster")
app.api.cors = CORSConfig(
    allow_origin=allowed_origin(),
    allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Muster-Msp"],
    expose_headers=["Retry-After"],
    max_age=600,
)
app.register_middleware(answer_problems, "http")

for feature in (access, orgs, structure, catalog, members):
    app.register_blueprint(feature.blueprint)
