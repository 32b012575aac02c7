"""What the document of the API says about the bodies and answers of syncs that no serializer describes."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from adsplatform.records.specification import Column, Entity, entities
from adsplatform.rest.operations import OBJECT, TEXT, Component, File, Operation, Schema, or_null
from syncs.api.serializers import (
    CorrectionInput,
    InspectSubmit,
    OperationQuery,
    SyncChange,
    SyncRequestModel,
    SyncSubmit,
    UploadSubmit,
)

UPLOAD = File(("multipart/form-data", "application/zip", "application/octet-stream"))
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEMPLATE = File(("text/csv", "application/zip", WORKBOOK))
OF_COLUMNS: Mapping[str, Schema] = {
    "text": TEXT,
    # A text keeps every digit in any JSON library.
    "amount": {"type": ["number", "string"], "format": "decimal"},
    "double": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int32"},
    "boolean": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
    "stamp": {"type": "string", "format": "date-time"},
    "json": {},
}
EXAMPLE_BATCH = {
    "companies": [{"erpKey": "C-1001", "companyName": "Example Ltd", "companyType": "Customer", "isActive": True}],
    "invoices": [
        {
            "erpKey": "I-2024-0001",
            "companyErpKey": "C-1001",
            "customerErpKey": "C-1001",
            "invoiceTypeCode": "AR Invoice",
            "invoiceStatusCode": "Open",
            "currencyCode": "EUR",
            "totalAmount": 119.00,
            "outstandingBalanceAmount": 119.00,
            "invoiceDate": "2025-03-01",
            "paymentDueDate": "2025-03-31",
        }
    ],
}


def _sync_model(entity: Entity) -> Schema:
    """One line of a kind of record, as a batch holds it."""
    return {
        "type": "object",
        "properties": {column.wire: _column(column) for column in entity.columns.values()},
        "required": [column.wire for column in entity.columns.values() if column.is_needed_where_new],
    }


def _column(column: Column) -> Schema:
    schema = dict(OF_COLUMNS[column.type])
    if column.max_length:
        schema["maxLength"] = column.max_length
    if column.choices_range:
        schema["minimum"], schema["maximum"] = column.choices_range
    if column.known_texts:
        schema["examples"] = list(column.known_texts)
    return schema if column.required else or_null(schema)


def _batch() -> Schema:
    lists: dict[str, Any] = {
        entity.model.BATCH_KEY: {
            "type": ["array", "null"],
            "items": Component(f"{entity.name}SyncModel", partial(_sync_model, entity)),
        }
        for entity in entities().values()
    }
    return {"type": "object", "description": "Lists of records, by kind.", "allOf": [UploadSubmit], "properties": lists}


BATCH = Component("BatchSyncModel", _batch)
FOUND = Component("InspectionModel", lambda: {**OBJECT, "description": "What the file is, and what has to be asked."})
UPLOAD_STATE = Component(
    "ResumableUploadModel",
    lambda: {
        "type": "object",
        "properties": {
            "uploadId": {"type": "string", "format": "uuid"},
            "fileName": TEXT,
            "size": {"type": "integer", "format": "int64"},
            "offset": {"type": "integer", "format": "int64", "description": "How many bytes have arrived."},
            "syncRequestId": {"type": "string", "format": "uuid"},
        },
        "required": ["uploadId", "fileName", "size", "offset"],
    },
)

SYNCS: dict[str, Operation] = {
    "create": Operation(body=SyncSubmit, example={"appEnrollmentId": "0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"}),
    "batch": Operation(body=BATCH, example=EXAMPLE_BATCH),
    "zip": Operation(body=UPLOAD, query=UploadSubmit),
    "inspect": Operation(body=UPLOAD, query=InspectSubmit, answer=FOUND, problems=(503,)),
    "change": Operation(body=SyncChange, example={"statusCode": "Failed", "processResultMessage": "Stopped by hand."}),
    "query": Operation(query=OperationQuery, is_page=True),
    "finish": Operation(query=UploadSubmit, answer=SyncRequestModel),
}
DETAILS: dict[str, Operation] = {
    "query_parts": Operation(is_page=True),
    "download": Operation(
        query={
            "type": "object",
            "properties": {
                "filter": {**TEXT, "description": "Which problems; a condition as in details/query."},
                "format": {"type": "string", "enum": ["csv", "xlsx"], "default": "csv"},
            },
        },
        answer=File(("text/csv", "application/zip", WORKBOOK)),
    ),
    "correct": Operation(body=CorrectionInput, example={"values": {"totalAmount": "119.00"}}),
}
PROBLEM_CODES = Component(
    "ProblemCodeModel",
    lambda: {
        "type": "object",
        "description": "A code of problems of syncs: what causes it, and what to do.",
        "properties": {
            **dict.fromkeys(("code", "title", "chapter", "cause", "remedy", "who"), TEXT),
            "isPermanent": {"type": "boolean"},
        },
        "required": ["code", "title", "chapter", "cause", "remedy", "who", "isPermanent"],
    },
)
# The headers of the protocol tus 1.0.0.
OF_TUS: dict[str, Schema] = {"Tus-Resumable": {"type": "string", "enum": ["1.0.0"]}}
BYTES: Schema = {"type": "integer", "format": "int64", "minimum": 0, "x-required": True}
UPLOADS: dict[str, Operation] = {
    "create": Operation(
        headers={**OF_TUS, "Upload-Length": BYTES, "Upload-Metadata": TEXT},
        answer=UPLOAD_STATE,
        status=201,
        problems=(412, 507),
    ),
    "look": Operation(headers=OF_TUS, answer=UPLOAD_STATE, problems=(412,)),
    "add": Operation(
        body=File(("application/offset+octet-stream",)),
        headers={**OF_TUS, "Upload-Offset": BYTES, "Upload-Checksum": TEXT},
        is_empty=True,
        status=204,
        problems=(412,),
    ),
    "remove": Operation(headers=OF_TUS, is_empty=True, status=204, problems=(412,)),
}
