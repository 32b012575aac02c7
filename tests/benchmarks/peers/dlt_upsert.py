"""dlt: a pipeline that merges by upsert, by Arrow tables and COPY, which its documentation calls fast loading."""

import os
import time

import dlt
import psycopg2
import pyarrow as pa
import pyarrow.csv
from outcome import AMOUNTS, DATES, KEY, STAMPS, task

DATASET, TABLE, KEY_COLUMN = "peer", "invoice", "erp_key"
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


@dlt.resource(
    name=TABLE,
    primary_key=KEY_COLUMN,
    # By comparing, it does not update rows that have not changed.
    write_disposition={"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True},
    # A primary key is a hint to dlt and no index; a unique column is one.
    columns={KEY_COLUMN: {"unique": True}},
    # By COPY; its default, INSERTs of many rows, is slower.
    file_format="csv",
)
def invoices(path):
    kinds = {
        **dict.fromkeys(AMOUNTS, pa.decimal128(18, 4)),
        **dict.fromkeys(DATES, pa.date32()),
        **dict.fromkeys(STAMPS, pa.timestamp("us")),
    }
    with pa.csv.open_csv(path) as opened:
        names = opened.schema.names
    options = pa.csv.ConvertOptions(
        column_types={name: kinds.get(name, pa.string()) for name in names}, strings_can_be_null=True
    )
    # Tables instead of rows avoid the inference of types and the normalization of each value.
    for batch in pa.csv.open_csv(path, convert_options=options):
        yield pa.Table.from_batches([batch])


def main():
    wanted = task()
    began = time.monotonic()
    pipeline = dlt.pipeline(
        "peer",
        pipelines_dir=str(wanted.folder),
        destination=dlt.destinations.postgres(wanted.url),
        dataset_name=DATASET,
    )
    pipeline.run(invoices(wanted.csv)).raise_on_failed_jobs()
    seconds = time.monotonic() - began
    with psycopg2.connect(wanted.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = %s AND tablename = %s AND indexdef LIKE %s",
            [DATASET, TABLE, f"CREATE UNIQUE INDEX%({KEY_COLUMN})"],
        )
        assert cursor.fetchone()[0] == 1, f"The table has no unique {KEY_COLUMN}."
        wanted.done(cursor, f"{DATASET}.{TABLE}", seconds)


assert KEY == "erpKey"
main()
