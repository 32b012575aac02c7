"""django-import-export: a ModelResource in bulk mode, set up as its documentation advises for large data sets."""

import time

from django.db import connection
from django_model import invoice_model, snake_case
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import modelresource_factory
from outcome import KEY, task
from tablib import Dataset

# The format of the time stamps in the file; dates are recognised by their fields.
STAMPS = {
    "imported_date": "%Y-%m-%dT%H:%M:%S.%f",
    "created": "%Y-%m-%dT%H:%M:%S.%f",
    "modified": "%Y-%m-%d %H:%M:%S",
}


def main():
    wanted = task()
    invoice, header = invoice_model(wanted)
    names = [snake_case(name) for name in header]
    options = {
        "model": invoice,
        "fields": names,
        "import_id_fields": [snake_case(KEY)],
        "widgets": {name: {"format": format} for name, format in STAMPS.items()},
        # bulk_create and bulk_update instead of a save() for each row; a thousand at once is the default.
        "use_bulk": True,
        "batch_size": 1_000,
        # One query for all known invoices instead of one for each row.
        "instance_loader_class": CachedInstanceLoader,
        # The differences are not displayed, so they are not rendered; when all rows are new, they are not looked for.
        # When all rows are known, rows without differences are skipped, as the documentation recommends.
        "skip_html_diff": True,
        "skip_diff": not wanted.is_reload,
        "skip_unchanged": wanted.is_reload,
        "report_skipped": False,
    }
    resource_class = modelresource_factory(invoice, meta_options=options)
    began = time.monotonic()
    with wanted.csv.open(newline="") as file:
        dataset = Dataset().load(file, format="csv")
    dataset.headers = names
    result = resource_class().import_data(dataset, raise_errors=True, use_transactions=True)
    seconds = time.monotonic() - began
    assert not result.has_errors(), result.base_errors
    with connection.cursor() as cursor:
        wanted.done(cursor, invoice._meta.db_table, seconds)


main()
