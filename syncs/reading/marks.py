"""Messages about the state of a source and about records that are gone."""

import json
from typing import TypeAlias

import msgspec

from syncs.connectors.protocol import AllKeys, Bookmark, Deleted


class BookmarkMessage(msgspec.Struct, tag=True, array_like=True):
    """A `Bookmark`; its state is JSON, so that numbers of any size arrive."""

    kind: str
    state: str

    def item(self) -> Bookmark:
        return Bookmark(self.kind, json.loads(self.state))


class DeletedMessage(msgspec.Struct, tag=True, array_like=True):
    name: str
    file: str
    erp_keys: list[str]
    lines: list[int]
    raw: list[str]

    def item(self) -> Deleted:
        return Deleted(*msgspec.structs.astuple(self))


class AllKeysMessage(msgspec.Struct, tag=True, array_like=True):
    name: str
    file: str
    erp_keys: list[str]
    is_last: bool
    are_in_rows: bool

    def item(self) -> AllKeys:
        return AllKeys(*msgspec.structs.astuple(self))


Mark: TypeAlias = BookmarkMessage | DeletedMessage | AllKeysMessage


def mark_of(item: Bookmark | Deleted | AllKeys) -> Mark:
    """The message of an item."""
    match item:
        case Bookmark(kind, state):
            return BookmarkMessage(kind, json.dumps(state))
        case Deleted(name, file, erp_keys, lines, raw):
            return DeletedMessage(name, file, list(erp_keys), list(lines), list(raw))
    return AllKeysMessage(item.name, item.file, list(item.erp_keys), item.is_last, item.are_in_rows)
