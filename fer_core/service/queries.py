"""What stands behind the question mark of an address: only what is described, and everything once."""

from collections import Counter

from fastapi import Request

from fer_core.errors import RequestError
from fer_core.media.files import harmless


def only_described(request: Request) -> None:
    """Refuse what the description does not name: a mistyped filter would give everything.

    Raises:
        RequestError: a word is unknown at this address, or stands there twice, where one would be ignored.
    """
    path, paths = request.scope["route"].path, request.app.openapi()["paths"]
    if path not in paths:  # there is nothing here, which it says itself
        return
    described = paths[path].get(request.method.lower(), {}).get("parameters", [])
    known = [parameter["name"] for parameter in described if parameter["in"] == "query"]
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            told = f"known are {', '.join(known)}" if known else "it knows none"
            raise RequestError(f"{harmless(name)} is no word of this address; {told}.")
        if count > 1:
            raise RequestError(f"{name} stands in the address {count} times; give it once.")
