"""The invoices as a Django model of 35 columns and a unique key, for the peers that load through Django."""

import csv
import re

import django
from django.conf import settings
from django.db import connection, models
from outcome import AMOUNTS, DATES, KEY, STAMPS, Task


def invoice_model(task: Task):
    """The model, and its table in the database."""
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                **{name.upper(): value for name, value in task.connection().items()},
            }
        },
        # A model needs an app; this module is one.
        INSTALLED_APPS=[__name__],
        # The CSV's stamps have no time zone.
        USE_TZ=False,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    with task.csv.open(newline="") as file:
        header = next(csv.reader(file))
    fields = {snake_case(name): _field(name) for name in header}
    # A constraint and not `unique=True`, which would make a second index, for LIKE.
    key = models.UniqueConstraint(fields=[snake_case(KEY)], name="one_peer_invoice_per_key")
    meta = type("Meta", (), {"app_label": __name__, "db_table": "peer_invoice", "constraints": [key]})
    model = type("Invoice", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})
    if model._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(model)
    return model, header


def snake_case(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def _field(name: str) -> models.Field:
    if name == KEY:
        return models.CharField(max_length=100)
    if name in AMOUNTS:
        return models.DecimalField(max_digits=18, decimal_places=4, null=True)
    if name in DATES:
        return models.DateField(null=True)
    if name in STAMPS:
        return models.DateTimeField(null=True)
    return models.CharField(max_length=200, null=True)
