"""JSON bodies under all the names the five SDKs send them by."""

import json
from decimal import Decimal

from rest_framework.parsers import BaseParser

from adsplatform.errors import PlatformError
from adsplatform.rest.bodies import TOO_DEEP, check_json, media_type_of, not_readable

MOST_DIGITS = 1_000


class LenientJSONParser(BaseParser):
    """Reads JSON whatever it is called; an empty body counts as an object without members."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        raw = stream.read()
        if not raw.strip():
            return {}
        kind, charset = media_type_of(media_type)
        check_json(kind)
        try:
            text = raw.decode(charset)
        except UnicodeError as error:
            raise not_readable(charset, error) from error
        return read_json(text)


def read_json(text: str):
    """JSON as Python objects; numbers with a decimal point stay exact."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise PlatformError(
            f"The body is no valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise PlatformError(TOO_DEEP) from error
    except ValueError as error:
        raise PlatformError(f"The body is no valid JSON: {error}.") from error


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits, more than {MOST_DIGITS:,}")
    return int(digits)


def _refuse(word: str):
    raise ValueError(f"{word} is no number")
