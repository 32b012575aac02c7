"""Singer: meltanolabs-target-postgres, fed with the messages that a tap would send; upserts by the key properties."""

import csv
import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import psycopg
from outcome import AMOUNTS, DATES, KEY, STAMPS, task
from target_postgres.target import TargetPostgres

SCHEMA, STREAM = "peer", "invoice"


def main():
    wanted = task()
    messages = wanted.folder / "messages.jsonl"
    # Or the program of a tap, to whose words the target listens.
    is_tap = wanted.csv.suffix != ".csv"
    if not wanted.is_reload and not is_tap:
        _tap(wanted.csv, messages)
    of = wanted.connection()
    target = TargetPostgres(
        config={
            "host": of["host"],
            "port": int(of["port"]),
            "user": of["user"],
            "password": of["password"],
            "database": of["name"],
            "default_target_schema": SCHEMA,
            # COPY into the temporary table, “usually faster than INSERT statements”.
            "use_copy": True,
            # Larger than the default of 10,000: each batch is a temporary table, an INSERT and an UPDATE of its own.
            "batch_size_rows": 100_000,
            # Checking each record against the schema takes most of the time; other peers do it only once, too.
            "validate_records": False,
            # Seven columns more, which nobody else writes; without them, versions cannot be activated.
            "add_record_metadata": False,
            "activate_version": False,
        }
    )
    began = time.monotonic()
    if is_tap:
        with subprocess.Popen([sys.executable, wanted.csv], stdout=subprocess.PIPE, text=True) as tap:
            target.listen(tap.stdout)
    else:
        with messages.open() as file:
            target.listen(file)
    seconds = time.monotonic() - began
    with psycopg.connect(wanted.url) as connection:
        wanted.done(connection.cursor(), f"{SCHEMA}.{STREAM}", seconds, '"totalAmount"')


def _tap(path, messages):
    """What a tap would have sent, made beforehand: its time is not the target's."""
    with path.open(newline="") as file, messages.open("w") as out:

        def send(**message):
            out.write(f"{json.dumps(message)}\n")

        rows = csv.DictReader(file)
        properties = {name: _kind(name) for name in rows.fieldnames}
        schema = {"type": "object", "properties": properties}
        send(type="SCHEMA", stream=STREAM, schema=schema, key_properties=[KEY])
        for row in rows:
            record = {name: value or None for name, value in row.items()}
            record.update((name, float(row[name])) for name in AMOUNTS)
            record.update((name, datetime.fromisoformat(row[name]).replace(tzinfo=UTC).isoformat()) for name in STAMPS)
            send(type="RECORD", stream=STREAM, record=record)
        send(type="STATE", value={"bookmarks": {STREAM: {"loaded": True}}})


def _kind(name):
    if name == KEY:
        return {"type": "string", "maxLength": 100}
    if name in AMOUNTS:
        return {"type": ["number", "null"]}
    formats = dict.fromkeys(DATES, "date") | dict.fromkeys(STAMPS, "date-time")
    return {"type": ["string", "null"], **({"format": formats[name]} if name in formats else {})}


main()
