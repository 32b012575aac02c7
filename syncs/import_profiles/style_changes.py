"""Changes that a person makes to how the numbers and dates of one column are written."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from syncs.import_profiles.column_changes import Document
from syncs.import_profiles.header_names import key_of

POINT, COMMA = ".", ","


def column_style(document: Document, column: str) -> dict[str, Any]:
    """What the document says of a column's values: of the column itself, else of the whole file."""
    return {**document.get("styles", {}), **_own(document, column)}


def with_style(document: Document, column: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what was chosen of a column's style: `decimal`, `thousands`, `dates`.

    With another decimal mark, and no choice of what stands between thousands, the marks for decimals and thousands
    change places.
    """
    changed: dict[str, Any] = deepcopy(dict(document))
    style = dict(chosen)
    decimal = style.get("decimal")
    if decimal and "thousands" not in style:
        marks = column_style(document, column).get("thousands", [])
        if decimal in marks:
            style["thousands"] = [COMMA if decimal == POINT else POINT, *(mark for mark in marks if mark != decimal)]
    own = changed.setdefault("columns", {})
    name = next((known for known in own if key_of(known) == key_of(column)), column)
    own[name] = {**own.get(name, {}), **style}
    return changed


def _own(document: Document, column: str) -> Mapping[str, Any]:
    styles: Mapping[str, Mapping[str, Any]] = document.get("columns", {})
    return next((style for name, style in styles.items() if key_of(name) == key_of(column)), {})
