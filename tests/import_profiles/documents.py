"""Documents of profiles for tests."""

import copy

from syncs.import_profiles.header_names import fingerprint

COLUMNS = ["Belegnr.", "Belegdatum", "Debitor", "Art", "Netto", "Steuer", "Brutto", "Bezahlt"]


def document(header=COLUMNS, **members):
    """The document of a profile for a German list of invoices; `members` replace some of it."""
    return copy.deepcopy(
        {
            "format": "import-profile/1",
            "name": "Rechnungen",
            "match": {"columns": list(header), "fingerprint": fingerprint(header)},
            "read": {"encoding": "utf-8", "delimiter": ";", "header": 1},
            "styles": {
                "decimal": ",",
                "thousands": ["."],
                "dates": "DD.MM.YYYY",
                "true": ["ja"],
                "false": ["nein"],
            },
            "records": [{"kind": "Invoice", "fields": invoice_fields()}],
        }
        | members
    )


def invoice_fields(**fields):
    return {
        "erpKey": "Belegnr.",
        "companyErpKey": {"constant": "OWN"},
        "customerErpKey": "Debitor",
        "invoiceTypeCode": {"constant": "AR Invoice"},
        "currencyCode": {"constant": "EUR"},
        "invoiceDate": "Belegdatum",
        "netAmount": "Netto",
        "salesTaxAmount": "Steuer",
        "totalAmount": "Brutto",
    } | fields


def list_of_invoices(header, fields, *, customer="Debitor", **members):
    """A profile for invoices with a key, a customer, and these fields."""
    fixed = {
        "erpKey": "Nr",
        "companyErpKey": {"constant": "OWN"},
        "customerErpKey": customer,
        "currencyCode": {"constant": "EUR"},
    }
    return document(header, records=[{"kind": "Invoice", "fields": fixed | fields}], **members)
