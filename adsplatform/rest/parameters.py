"""Query parameters as the five SDKs write them."""

import json
from collections.abc import Iterator, Mapping

from adsplatform.errors import PlatformError

# What SDKs send for a parameter that was left out: Java and Ruby an empty text, Python the text None.
NOT_GIVEN = ("", "None")


class Parameters(Mapping[str, str]):
    """The parameters that were given, with their names in lower case; a look-up may use any case."""

    def __init__(self, query: Mapping[str, str]):
        wrapped = _unwrapped(query.get("params", ""))
        direct = {name.lower(): query[name] for name in query}
        self._given = {name: text for name, text in (wrapped | direct).items() if text not in NOT_GIVEN}

    def __getitem__(self, name: str) -> str:
        return self._given[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _unwrapped(text: str) -> dict[str, str]:
    """The parameters that the TypeScript SDK packs into `?params=<JSON>`."""
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


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
