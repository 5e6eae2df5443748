"""The portal: pages over the same services as the HTTP interface (docs/decisions/0014).

API Gateway knows two paths of it and checks nobody; which pages there are, and who may open them, is in `site_map`.
"""

from typing import Any

from chalicelib.core import start

# What forms of browsers send: fields, and files.
CONTENT_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
PATHS = ("/portal", "/portal/{proxy+}")


def register(app: Any) -> None:
    """Put the portal on the Chalice application; nothing where this function serves no HTTP."""
    if not start.serves("app.app"):
        return
    from chalice.app import Blueprint

    blueprint = Blueprint(__name__)

    def portal() -> Any:
        # Few requests are for a page: those of the API do not pay for it at their cold start.
        from chalicelib.portal.dispatch import respond

        return respond(blueprint.current_request)

    for path in PATHS:
        # No other site's script has anything to ask here.
        blueprint.route(path, methods=["GET", "HEAD"], name="portal", cors=False)(portal)
        blueprint.route(path, methods=["POST"], name="portal", content_types=list(CONTENT_TYPES), cors=False)(portal)
    app.register_blueprint(blueprint)
