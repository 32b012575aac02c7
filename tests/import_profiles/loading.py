"""Loads files by import profiles through the real path."""

import csv
import io

import openpyxl

from adsplatform.records import models as records
from adsplatform.records.specification import entities
from syncs.rejected_rows.download import download_of
from syncs.services import import_profiles
from tests.loading.uploading import Uploads


class ProfiledUploads(Uploads):
    """Uploads of one enrollment that has import profiles."""

    def save(self, document, **wanted):
        return import_profiles.save_profile(self.enrollment, None, document, **wanted)

    def companies(self, *pairs, own=True):
        """Put companies into the books: pairs of key and name, and the account's own company."""
        rows = [("OWN", "Own company", "Company")] if own else []
        rows += [(key, name, "Customer") for key, name in pairs]
        text = "erpKey,companyName,companyType,isActive\n" + "".join(
            f'{key},"{name}",{kind},true\n' for key, name, kind in rows
        )
        assert self.load(text, "companies.csv").status_code == "Success"

    def records(self, kind, *names):
        """The records of a kind by key: the named fields as texts, without zeros at the end of amounts."""
        entity = entities()[kind]
        found = getattr(records, kind).objects.filter(app_enrollment=self.enrollment).order_by("erp_key")
        columns = {column.wire: column for column in entity.columns.values()}
        return {record.erp_key: [_text(record, columns[name]) for name in names] for record in found}


def _text(record, column):
    if not column.field:
        reference = column.name.removesuffix("_erp_key")
        target = getattr(record, f"{reference}_id", None)
        return records.Company.objects.get(pk=target).erp_key if target else None
    value = getattr(record, column.name)
    if column.type == "amount" and value is not None:
        return f"{value.normalize():f}"
    return value if value is None or isinstance(value, bool) else str(value)


def problems(sync_request, *names):
    """The problems of a sync as tuples of these fields, in their order."""
    names = names or ("kind", "line", "code", "column", "value")
    return list(sync_request.details.order_by("id").values_list(*names))


def counts(sync_request, kind):
    """(read, inserted, updated, unchanged, rejected) of a kind."""
    found = sync_request.results.get(entity=kind)
    return (found.lines_read, found.inserted, found.updated, found.unchanged, found.rejected)


def errors(sync_request):
    """The errors of a sync: line, code, column and value."""
    return [found[1:] for found in problems(sync_request) if found[0] == "error"]


def written(header, *rows, delimiter=";"):
    """The text of a file with these rows."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def corrected(sync_request, format, old, new):
    """The name and content of the download of rejected rows in which a person has replaced something."""
    download = download_of(sync_request, sync_request.details.all(), format)
    content = b"".join(download.chunks)
    if format == "csv":
        assert old.encode() in content
        return download.name, content.replace(old.encode(), new.encode())
    book = openpyxl.load_workbook(io.BytesIO(content))
    for row in book.active.iter_rows():
        for cell in row:
            if cell.value and old in str(cell.value):
                cell.value = cell.value.replace(old, new)
    saved = io.BytesIO()
    book.save(saved)
    return download.name, saved.getvalue()
