"""The record protocol: what a connector is given, what it yields, and how it reports problems.

A connector is a class derived from `Connector`, decorated with `syncs.connectors.register`. It reads its source once,
from beginning to end, and yields what it finds in the source's order without collecting it:

- `FileHeader`, once for each file that has a header, before the rows of the file;
- `Rows` or `Columns`, a block of rows of one kind of record; blocks of up to BLOCK_ROWS rows or BLOCK_BYTES of raw
  text are best, and smaller ones are combined;
- `RowProblem`, for a line that cannot be read and for a remark about a line or a file;
- `Deleted` and `AllKeys`, for records that are gone where only changes are read;
- `Bookmark`, how far it has read, for the next time.

Every line of the source is either a row of one block or a `RowProblem` of kind "error" with its number, so that the
counts of the sync add up. A source that cannot be read to its end raises `ConnectorError`. What a row means – types,
required columns, references – is not the connector's concern.
"""

from syncs.connectors.protocol.authorization import (
    CLIENT_ID,
    CLIENT_SECRET,
    CONNECTION_ENDS,
    DISCONNECTED,
    TENANT,
    TENANT_NAME,
    AuthorizedConnector,
)
from syncs.connectors.protocol.connector import Connector
from syncs.connectors.protocol.declarations import (
    GROUPS,
    OFF,
    ON,
    AppGroup,
    ApplicationEntry,
    Budget,
    Choice,
    Field,
    FieldType,
    Form,
    KindOffered,
    Programs,
)
from syncs.connectors.protocol.items import (
    ABSENT,
    BLOCK_BYTES,
    BLOCK_ROWS,
    MOST_STATE_BYTES,
    MOST_STATES,
    Absent,
    AllKeys,
    Bookmark,
    Cell,
    Columns,
    ConnectorError,
    Deleted,
    FileHeader,
    FileLayout,
    FileProblem,
    JsonValue,
    RowProblem,
    Rows,
    SourceItem,
    SourceItems,
    SyncEnd,
)
from syncs.connectors.protocol.source import (
    Budgets,
    ByteStream,
    Helper,
    Limits,
    NoHelper,
    NoVocabulary,
    Renewal,
    Source,
    Vocabulary,
)

__all__ = [
    "ABSENT",
    "BLOCK_BYTES",
    "BLOCK_ROWS",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "CONNECTION_ENDS",
    "DISCONNECTED",
    "GROUPS",
    "MOST_STATES",
    "MOST_STATE_BYTES",
    "OFF",
    "ON",
    "TENANT",
    "TENANT_NAME",
    "Absent",
    "AllKeys",
    "AppGroup",
    "ApplicationEntry",
    "AuthorizedConnector",
    "Bookmark",
    "Budget",
    "Budgets",
    "ByteStream",
    "Cell",
    "Choice",
    "Columns",
    "Connector",
    "ConnectorError",
    "Deleted",
    "Field",
    "FieldType",
    "FileHeader",
    "FileLayout",
    "FileProblem",
    "Form",
    "Helper",
    "JsonValue",
    "KindOffered",
    "Limits",
    "NoHelper",
    "NoVocabulary",
    "Programs",
    "Renewal",
    "RowProblem",
    "Rows",
    "Source",
    "SourceItem",
    "SourceItems",
    "SyncEnd",
    "Vocabulary",
]
