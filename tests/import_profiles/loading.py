"""Loads files by import profiles through the real path."""

from adsplatform.records import models as records
from adsplatform.records.specification import entities
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
