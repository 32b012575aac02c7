"""Lists that were downloaded from the records' pages, sent again: every heading is known, and nothing has changed."""

import io

import pytest

from adsplatform.records.column_texts import column_texts
from adsplatform.records.display import displayed_kinds
from adsplatform.records.models import Company, Invoice
from adsplatform.records.specification import entities
from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.proposal import complete
from syncs.presentation.record_tables import rows_to_export
from syncs.presentation.table_files import table_file
from syncs.services.inspection import inspected_files
from tests.import_profiles.inspecting import inspect_one
from tests.import_profiles.loading import ProfiledUploads, counts, problems

COMPANIES = (
    "erpKey,companyName,companyType,isActive,city,parentCompanyErpKey,created,phoneNumber\n"
    "OWN,Own & Co,Company,true,,,,\n"
    "C1,=Acme+1,Customer,false,Rome,OWN,2025-01-31T09:30:15Z,+39 06 1\n"
    "007,Bond,CustomerVendor,true,'s-Hertogenbosch,,2025-01-31T00:00:00Z,\n"
)
INVOICES = (
    "erpKey,companyErpKey,customerErpKey,totalAmount,currencyCode,currencyRate,invoiceDate,invoiceTypeCode,isVoided\n"
    "I1,OWN,C1,1234.50000001,EUR,1,2025-04-03,AR Invoice,false\n"
    "I2,OWN,007,-7.5,USD,0.9,2025-12-31,AR Credit Memo,true\n"
)


@pytest.mark.parametrize("name", sorted(entities()))
def test_the_headings_of_every_list_are_known(name):
    kind, examples = displayed_kinds()[name], {text.name: text.example for text in column_texts(name)}
    rows = [[examples.get(field.name, "") for field in kind.fields]]
    header = list(kind.file_header)
    cells = ",".join(f'"{rows[0][0]}"' if at == 0 else "" for at, _ in enumerate(header))
    one = inspect_one(f"{','.join(header)}\n{cells}\n", f"{kind.slug}.csv")
    assert one.file.kinds == (name,)
    filled = {field.partition(".")[2] for column in one.file.columns for field in column.fields}
    needed = {column.wire for column in entities()[name].columns.values() if column.required}
    assert needed <= filled
    shown = {column.wire for column in entities()[name].columns.values() if column.name in kind.by_name}
    assert shown <= filled
    assert [question.id for question in one.file.open_questions] == []


def exported(kind, rows, account, format):
    kind = displayed_kinds()[kind]
    return b"".join(
        table_file(kind.slug, kind.file_header, rows_to_export(kind, rows, account), format, len(rows)).chunks
    )


def values(model, enrollment):
    """The records by key, with their fields as texts, and their references by the keys of companies."""
    fields = {column.field for column in entities()[model.__name__].columns.values() if column.field}
    keys = dict(Company.objects.filter(app_enrollment=enrollment).values_list("pk", "erp_key"))
    found = {}
    for record in model.objects.filter(app_enrollment=enrollment):
        named = {field.attname: getattr(record, field.attname) for field in model._meta.concrete_fields}
        references = {
            name: keys.get(value) for name, value in named.items() if name.endswith(("company_id", "customer_id"))
        }
        found[record.erp_key] = {name: str(value) for name, value in named.items() if name in fields} | references
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_lists_that_are_sent_again_hold_the_same_records(format):
    source, other = ProfiledUploads(), ProfiledUploads()
    source.load(COMPANIES, "companies.csv")
    source.load(INVOICES, "invoices.csv")
    for model, total in ((Company, 3), (Invoice, 2)):
        rows = model.objects.filter(app_enrollment=source.enrollment).order_by("id")
        content = exported(model.__name__, rows, source.account, format)
        name = f"{displayed_kinds()[model.__name__].slug}.{format}"
        (found,) = inspected_files(other.account, other.enrollment, io.BytesIO(content), file_name=name)
        # A moment keeps its time, so that nothing is said of it.
        assert not [said for said in found.file.told if "has a time" in said]
        other.save(to_json(complete(found.proposal, {})))
        result = other.load(content, name)
        assert counts(result, model.__name__) == (total, total, 0, 0, 0), problems(result, "code", "line", "message")
        assert values(model, other.enrollment) == values(model, source.enrollment)
