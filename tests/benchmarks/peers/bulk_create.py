"""Django's own upsert: bulk_create(update_conflicts=True), in batches read from a csv.DictReader."""

import csv
import time
from itertools import islice

from django.db import connection, transaction
from django_model import invoice_model, snake_case
from outcome import KEY, task

# Django sends a batch as one statement with all its values: larger batches were no faster and took more memory.
BATCH = 1_000


def main():
    wanted = task()
    invoice, header = invoice_model(wanted)
    names = {name: snake_case(name) for name in header}
    changeable = [name for name in names.values() if name != names[KEY]]
    began = time.monotonic()
    # One transaction, as in the product; committing each batch would only add waits.
    with wanted.csv.open(newline="") as file, transaction.atomic():
        rows = csv.DictReader(file)
        while batch := list(islice(rows, BATCH)):
            invoice.objects.bulk_create(
                [invoice(**{names[name]: value or None for name, value in row.items()}) for row in batch],
                update_conflicts=True,
                unique_fields=[names[KEY]],
                update_fields=changeable,
            )
    seconds = time.monotonic() - began
    with connection.cursor() as cursor:
        wanted.done(cursor, invoice._meta.db_table, seconds)


main()
