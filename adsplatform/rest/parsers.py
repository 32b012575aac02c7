"""Reads JSON bodies, under all the content types that the five SDKs send."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, NoReturn

from rest_framework.parsers import BaseParser

from adsplatform.errors import PlatformError
from adsplatform.rest.bodies import check_json, media_type_of, not_readable
from adsplatform.rest.json_limits import TOO_DEEP

MOST_DIGITS = 1_000


class LenientJSONParser(BaseParser):
    """Reads JSON whatever type the request declares; an empty body counts as an object without members."""

    media_type = "*/*"

    # The stubs allow an object only, but a body may also be a list.
    def parse(  # type: ignore[override]
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, object] | None = None,
    ) -> object:
        raw = stream.read()
        if not raw.strip():
            return {}
        kind, charset = media_type_of(media_type or "")
        check_json(kind)
        try:
            text = raw.decode(charset)
        except UnicodeError as error:
            raise not_readable(charset, error) from error
        return read_json(text)


def read_json(text: str) -> object:
    """JSON as Python objects; numbers with a decimal point become a Decimal and so stay exact."""
    try:
        found: object = json.loads(text, parse_float=Decimal, parse_int=_integer, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise PlatformError(
            f"The body is no valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise PlatformError(TOO_DEEP) from error
    except ValueError as error:
        raise PlatformError(f"The body is no valid JSON: {error}.") from error
    return found


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits, more than {MOST_DIGITS:,}")
    return int(digits)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
