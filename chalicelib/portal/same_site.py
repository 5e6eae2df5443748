"""Whether a post comes from a page of ours. It needs no token in the form, and so no form ever goes stale."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from chalicelib.core.settings import settings


def is_ours(headers: Mapping[str, str]) -> bool:
    """Browsers say where a request comes from, and scripts cannot change it.

    `same-site` is refused, too: it may be a sibling's page. Who sends neither header is no browser of these years.
    """
    told = headers.get("sec-fetch-site")
    if told is not None:
        return told in ("same-origin", "none")
    own = urlsplit(settings().public_url)
    return headers.get("origin") == f"{own.scheme}://{own.netloc}"
