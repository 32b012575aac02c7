"""A Singer tap of a few lines, without libraries: it reads `books.json` beside its `bin`, as its configuration says."""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

BOOKS = Path(__file__).parent.parent / "books.json"
TEXT, NUMBER, BOOLEAN = {"type": ["null", "string"]}, {"type": ["null", "number"]}, {"type": ["null", "boolean"]}
STAMP = {"type": ["null", "string"], "format": "date-time"}
# By stream: its columns, and the one by which changes are found.
STREAMS = {
    "companies": ({"erpKey": TEXT, "companyName": TEXT, "companyType": TEXT, "isActive": BOOLEAN}, None),
    "invoices": (
        {
            "erpKey": TEXT, "companyErpKey": TEXT, "customerErpKey": TEXT, "totalAmount": NUMBER,
            "currencyCode": TEXT, "currencyRate": NUMBER, "changed": STAMP,
        },
        "changed",
    ),
    "customers": ({"Customer Number": TEXT, "Customer Name": TEXT, "VAT ID": TEXT, "_sdc_deleted_at": STAMP}, None),
}  # fmt: skip


def say(**message):
    print(json.dumps(message), flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--config", "--catalog", "--state"):
        parser.add_argument(name)
    parser.add_argument("--discover", action="store_true")
    given = parser.parse_args()
    config = json.loads(Path(given.config).read_text())
    books = json.loads(BOOKS.read_text())
    if (books.get("password") or "") != (config.get("password") or ""):
        sys.exit(f"CRITICAL 401 Unauthorized: the password “{config.get('password')}” is wrong")
    if config.get("port"):
        socket.create_connection(("127.0.0.1", config["port"]), 5)
    if given.discover:
        print(json.dumps({"streams": [*map(entry, config.get("offers", STREAMS))]}, indent=1))
        return
    if "does" in config:
        globals()[f"do_{config['does']}"](config, Path(given.config))
    chosen = [one["tap_stream_id"] for one in json.loads(Path(given.catalog).read_text())["streams"]]
    marks = json.loads(Path(given.state).read_text())["bookmarks"] if given.state else {}
    for name in chosen:
        read(name, books[name], marks)
    say(type="STATE", value={"bookmarks": marks})


def entry(name):
    return {
        "tap_stream_id": name,
        "stream": name,
        "schema": {"type": "object", "properties": STREAMS[name][0]},
        "key_properties": [next(iter(STREAMS[name][0]))],
        "metadata": [{"breadcrumb": [], "metadata": {"inclusion": "available"}}],
    }


def read(name, rows, marks):
    properties, changed = STREAMS[name]
    version = time.time_ns()
    say(type="SCHEMA", stream=name, schema={"properties": properties}, key_properties=[next(iter(properties))])
    since = marks.get(name, {}).get("since", "")
    for row in rows:
        # Bookmarks are inclusive, as those of other taps.
        if not changed or row[changed] >= since:
            say(type="RECORD", stream=name, record=row, version=version)
    if changed:
        marks[name] = {"since": max([since, *(row[changed] for row in rows)])}
        say(type="STATE", value={"bookmarks": marks})
    else:
        say(type="ACTIVATE_VERSION", stream=name, version=version)


def do_fail(config, path):
    read("companies", [{"erpKey": "C1"}] * 3, {})
    print(f"ERROR using {config['token']}: disk on fire", file=sys.stderr)
    sys.exit(3)


def do_wait(config, path):
    read("companies", [{"erpKey": f"C{number}"} for number in range(6_000)], {})
    # A process of its own, which ignores that its parent ends.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)


def do_nothing(config, path):
    sys.exit()


def do_junk(config, path):
    print(f"Hello {config['token']}, I am no tap")


def do_long_line(config, path):
    read("companies", [{"erpKey": "C1", "companyName": "x" * 3_000_000}], {})


def do_eat_memory(config, path):
    bytearray(2**40)


def do_batch(config, path):
    say(type="BATCH", stream="companies", encoding={}, manifest=[])


def do_rotate(config, path):
    path.write_text(json.dumps(config | {"token": f"{config['token']}+"}))
    del config["does"]


def do_odd_values(config, path):
    properties = {
        "erpKey": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "companyName": TEXT,
        "address": {"type": ["null", "object"], "properties": {"city": TEXT, "geo": {"type": "object"}}},
        "total": NUMBER,
    }
    say(type="SCHEMA", stream="companies", schema={"properties": properties}, key_properties=["erpKey"])
    print('{"type": "RECORD", "stream": "companies", "record": {"erpKey": 12345678901234567890123, "total": 10.10}}')
    odd = r'{"erpKey": "\ud800", "total": 1.5e3, "extra": 1, "more": 2}'
    print(f'{{"type": "RECORD", "stream": "companies", "record": {odd}}}')
    say(type="RECORD", stream="companies", record={
        "erpKey": "C3", "companyName": 'Tab\tand "quote"\nand line', "address": {"city": "Köln", "geo": {"lat": 1}},
        "total": None,
    })  # fmt: skip
    say(type="RECORD", stream="companies", record={"erpKey": "C4", "companyName": "", "address": None})
    say(type="RECORD", stream="unasked", record={"a": 1})
    sys.exit()


def do_look_around(config, path):
    """Try what a tap should not be able to do; each that works is a company."""
    found = []
    tries = {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_text(),
        "read a process": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "execute": lambda: subprocess.run(["/bin/true"], check=True),
        "a Unix socket": lambda: socket.socket(socket.AF_UNIX),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "signal": lambda: os.kill(config["process"], 0),
        "write": lambda: (BOOKS.parent / "mine").write_text("x"),
        "a secret variable": lambda: os.environ["SECRET_KEY"],
    }
    for name, attempt in tries.items():
        try:
            attempt()
            found.append({"erpKey": name})
        except (OSError, KeyError):
            pass
    mine = Path("mine")
    mine.write_text("x")
    found.append({"erpKey": f"mode {path.stat().st_mode & 0o777:o}", "companyName": str(path)})
    read("companies", found, {})
    sys.exit()


if __name__ == "__main__":
    main()
