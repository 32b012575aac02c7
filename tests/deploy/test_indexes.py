"""No index of our tables is a prefix of another: every write would keep it up for nothing."""

import pytest
from django.apps import apps
from django.db import connection

# Of two indexes with the same condition, the shorter one's columns are the first ones of the longer one's. One that is
# unique holds a rule, so it stays.
PREFIXES = """
    WITH found AS (
        SELECT x.indrelid, x.indexrelid, x.indisunique, x.indnkeyatts AS keys, c.relam,
               coalesce(pg_get_expr(x.indpred, x.indrelid), '') AS condition,
               string_to_array(x.indkey::text, ' ') AS columns, string_to_array(x.indclass::text, ' ') AS classes,
               string_to_array(x.indoption::text, ' ') AS options, string_to_array(x.indcollation::text, ' ') AS orders
        FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indexprs IS NULL
    )
    SELECT short.indexrelid::regclass::text, long.indexrelid::regclass::text
    FROM found short JOIN found long USING (indrelid, relam, condition)
    WHERE short.indrelid::regclass::text = ANY(%s) AND short.indexrelid <> long.indexrelid AND NOT short.indisunique
    AND short.columns[1:short.keys] = long.columns[1:short.keys] AND short.keys <= long.keys
    AND short.classes[1:short.keys] = long.classes[1:short.keys]
    AND short.options[1:short.keys] = long.options[1:short.keys]
    AND short.orders[1:short.keys] = long.orders[1:short.keys]
    """


def prefixes(*tables):
    with connection.cursor() as cursor:
        cursor.execute(PREFIXES, [list(tables)])
        return cursor.fetchall()


@pytest.mark.django_db
def test_no_index_of_our_models_is_a_prefix_of_another():
    # The tables between two models are Django's, with the indexes that it gives them.
    ours = {
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("adsplatform", "enrollments", "syncs")
    }
    assert {"syncs_syncrequest", "accounts_membership", "records_invoice"} <= ours
    assert prefixes(*ours) == []


@pytest.mark.django_db
def test_a_prefix_is_found():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE indexed (a int, b int, c int)")
        cursor.execute("CREATE INDEX short ON indexed (a)")
        cursor.execute("CREATE INDEX long ON indexed (a, b)")
        cursor.execute("CREATE INDEX other ON indexed (b, a)")
        cursor.execute("CREATE INDEX partial ON indexed (a) WHERE c > 0")
        cursor.execute("CREATE INDEX descending ON indexed (a DESC, c)")
    assert prefixes("indexed") == [("short", "long")]
