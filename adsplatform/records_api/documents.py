"""The kinds of record in the document of the API."""

from collections.abc import Iterator, Mapping
from typing import Any

from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.records_api.kinds import RecordKind
from adsplatform.records_api.members import Member
from adsplatform.rest.operations import OBJECT, Component, Schema

# Members of the published API that nothing here fills, so that they are absent from every answer: their types, and
# their names by kind of record.
UNFILLED: Mapping[str, Mapping[str, str]] = {
    "Company": {
        "uuid": "enterpriseId companyClassificationCodeDefId serviceFabricOrgId serviceFabricCompanyId "
        "profileReferenceId",
        "text": "companyLogoStatus timeZone domainName description website publicUrlSlug stateTaxId "
        "stateOfIncorporation linkedInUrlSlug",
        "boolean": "isVerified",
        "datetime": "lastVerifiedDate",
        "object": "viewBoxSettings",
    },
    "Invoice": {"integer": "erpUpdateStatus erpUpdateAction", "object": "erpSystemAttributes"},
    "InvoiceLine": {"integer": "erpUpdateStatus erpUpdateAction", "object": "erpSystemAttributes"},
    "InvoiceWorkflowStatus": {"uuid": "workflowTransitionId", "text": "traceId traceParent"},
    "Payment": {
        "integer": "erpUpdateStatus erpUpdateAction",
        "text": "serviceFabricStatus",
        "object": "erpSystemAttributes",
    },
    "PaymentApplied": {"integer": "erpUpdateStatus erpUpdateAction", "object": "erpSystemAttributes"},
    "CreditMemoApplied": {"integer": "erpUpdateStatus erpUpdateAction", "object": "erpSystemAttributes"},
    "WorkflowStatus": {"uuid": "parentWorkflowStatusId", "text": "description category"},
}
ABSENT = "Absent: no sync loads it."
UNFILLED_NUMBER: Schema = {**OF_FIELDS["integer"], "description": ABSENT}


def component_of(kind: RecordKind) -> Component:
    """The schema of a kind of record: its members, and what can be included with it."""
    return Component(kind.model_name, lambda: _schema(kind))


def _schema(kind: RecordKind) -> Schema:
    # Imported late, because includes refer to kinds of record, and these to their schemas.
    from adsplatform.records_api.includes import INCLUDES

    properties: dict[str, Any] = {member.name: schema_of(member) for member in kind.members}
    properties |= dict(_unfilled(kind))
    for include in INCLUDES.get(kind.name, {}).values():
        properties |= include.members(kind)
    required = [member.name for member in kind.members if member.is_always_present]
    return {"type": "object", "description": kind.description, "properties": properties, "required": required}


def schema_of(member: Member) -> Schema:
    if member.is_json_text:
        return {
            "type": ["array", "string"],
            "items": OBJECT,
            "description": "The text itself if it is no list in JSON.",
        }
    return OF_FIELDS[member.type]


def _unfilled(kind: RecordKind) -> Iterator[tuple[str, Schema]]:
    for type_, names in UNFILLED.get(kind.name, {}).items():
        for name in names.split():
            yield name, {**(OBJECT if type_ == "object" else OF_FIELDS[type_]), "description": ABSENT}
