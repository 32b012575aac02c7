"""The bookmarks that a connector has yielded, of which the last one of each kind is stored with the records."""

import json

from syncs.connectors.protocol import MOST_STATE_BYTES, MOST_STATES, Bookmark, ConnectorError, JsonValue


class Bookmarks:
    """The last state of each kind; few and short ones only, because they are held in memory."""

    def __init__(self) -> None:
        self.states: dict[str, JsonValue] = {}

    def add(self, bookmark: Bookmark) -> None:
        """Remember a bookmark; raises ConnectorError if it is too long, or of one kind too many."""
        kind = bookmark.kind
        size = len(json.dumps(bookmark.state))
        if size > MOST_STATE_BYTES or len(kind) > 100 or "\0" in kind:
            raise ConnectorError(
                f"The connector’s bookmark of “{kind[:100]}” is too long to be stored: {size:,} characters of "
                f"{MOST_STATE_BYTES:,}."
            )
        self.states[kind] = bookmark.state
        if len(self.states) > MOST_STATES:
            raise ConnectorError(f"The connector sets bookmarks of more than {MOST_STATES} kinds.")
