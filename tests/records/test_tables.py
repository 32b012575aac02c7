"""How the tables of records are kept."""

import pytest
from django.db import connection

from adsplatform.records.specification import entities

pytestmark = pytest.mark.django_db


def test_every_table_of_records_leaves_space_for_updates():
    with connection.cursor() as cursor:
        tables = {entity.table for entity in entities().values()}
        cursor.execute("SELECT relname, reloptions FROM pg_class WHERE relname = ANY(%s)", [list(tables)])
        options = dict(cursor.fetchall())
    assert options.keys() == tables
    for name, given in options.items():
        assert "fillfactor=80" in (given or ()), name
