"""Query parameters as the five SDKs write them."""

import json
from collections.abc import Mapping

from adsplatform.errors import PlatformError

# For what its caller leaves out, Python's SDK sends the text None, Ruby's a bare name, Java's an empty text.
NOT_GIVEN = ("", "None")


class Parameters(Mapping):
    """The parameters that were given, by their names in lower case; looked up in any case."""

    def __init__(self, query):
        wrapped = _wrapped(query.get("params", ""))
        plain = {name.lower(): query[name] for name in query}
        self._given = {name: text for name, text in (wrapped | plain).items() if text not in NOT_GIVEN}

    def __getitem__(self, name):
        return self._given[name.lower()]

    def __iter__(self):
        return iter(self._given)

    def __len__(self):
        return len(self._given)


def _wrapped(text: str) -> dict[str, str]:
    """What TypeScript's SDK packs into `?params=<JSON>`."""
    if text in NOT_GIVEN:
        return {}
    try:
        values = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise PlatformError(
            'params must be a JSON object of query parameters, such as {"pageSize":10}.', field="params"
        )
    return {name.lower(): _text(value) for name, value in values.items()}


def _text(value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
