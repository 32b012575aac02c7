"""A full sync deletes no record that stands anywhere in its input, whatever part of it could not be read."""

import csv
import gzip
import io
import json
import os
import zipfile

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from adsplatform.records.models import Company, FinancialAccount
from syncs.services import import_profiles
from tests.connectors.reading import zipped
from tests.import_profiles.documents import document
from tests.loading.conftest import account, company
from tests.samples.sheets import sheet, workbook

EXAMPLES = int(os.environ.get("EXAMPLES", 60))
# Without shrinking, which takes minutes here and does not make the input much clearer.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
KEYS = {
    "companies": [f"C{number}" for number in range(6)],
    "financialAccounts": [f"A{number}" for number in range(6)],
}
MODELS = {"companies": Company, "financialAccounts": FinancialAccount}


def row_of(kind, key):
    return company(key) if kind == "companies" else account(key, code=key)


def table(kind, keys):
    """A header and rows as lists of texts."""
    rows = [row_of(kind, key) for key in keys]
    names = list(row_of(kind, "x"))
    return [names, *([str(row[name]) for name in names] for row in rows)]


# How some program writes the values of these columns.
WORDS = {"companyType": {"Kunde": "Customer"}, "status": {"aktiv": "Active"}}


def exported_name(kind, name):
    return f"{kind[:4]} {name}"


def as_exported(kind, rows):
    """The table as some program writes it, with its own names of columns and its own words."""
    names, *body = rows
    words = [{meaning: word for word, meaning in WORDS.get(name, {}).items()} for name in names]
    cells = [[known.get(cell, cell) for known, cell in zip(words, row, strict=True)] for row in body]
    return [[exported_name(kind, name) for name in names], *cells]


def profile_of(kind):
    """The document of the profile for such tables."""
    names = {name: exported_name(kind, name) for name in row_of(kind, "x")}
    fields = {
        name: {"column": column, "values": WORDS[name]} if name in WORDS else column for name, column in names.items()
    }
    return document(
        list(names.values()),
        name=kind,
        read={"encoding": "utf-8", "delimiter": ",", "header": 1},
        styles={"decimal": ".", "dates": "YYYY-MM-DD", "true": ["true"], "false": ["false"]},
        records=[{"kind": MODELS[kind].__name__, "fields": fields}],
    )


def csv_of(rows, delimiter=","):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue()


# Text files. Each returns the content of a CSV file, of which some rows may be unreadable.


def whole(draw, rows):
    return csv_of(rows)


def cut_off(draw, rows):
    text = csv_of(rows).rstrip()
    return text[: len(text) - draw.randrange(1, 20)]


def quote_left_open(draw, rows):
    lines = csv_of(rows).splitlines()
    at = draw.randrange(len(lines))
    return "\n".join([*lines[:at], f'"{lines[at]}', *lines[at + 1 :]])


def stray_quote(draw, rows):
    lines = csv_of(rows).splitlines()
    at = draw.randrange(1, len(lines))
    return "\n".join([*lines[:at], f'"Q" {lines[at]}', *lines[at + 1 :]])


def other_header(draw, rows):
    return csv_of([["one", "two", "three", *rows[0][3:]], *rows[1:]])


def key_renamed(draw, rows):
    return csv_of([["Number", *rows[0][1:]], *rows[1:]])


def no_header(draw, rows):
    return csv_of(rows[1:])


def a_bad_cell(draw, rows):
    rows = [list(row) for row in rows]
    rows[-1][0] = ""
    return csv_of(rows)


def short_row(draw, rows):
    return csv_of([*rows[:-1], rows[-1][: draw.randrange(1, len(rows[-1]))]])


def long_row(draw, rows):
    return csv_of([*rows[:-1], [*rows[-1], "x"]])


def other_delimiter(draw, rows):
    return csv_of(rows[:1]) + csv_of(rows[1:], ";")


def after_end_mark(draw, rows):
    lines = csv_of(rows).splitlines()
    at = draw.randrange(1, len(lines))
    return "\n".join([*lines[:at], "\x1a", *lines[at:]])


def zero_bytes(draw, rows):
    text = csv_of(rows)
    at = draw.randrange(len(text))
    return f"{text[:at]}\0{text[at:]}"


def rows_in_one_cell(draw, rows):
    lines = csv_of(rows).splitlines()
    return "\n".join([lines[0], '"' + "\n".join(lines[1:]) + '"'])


def json_lines(draw, rows):
    return "\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:])


TEXTS = [whole, whole, cut_off, quote_left_open, stray_quote, other_header, key_renamed, no_header, a_bad_cell,
         short_row, long_row, other_delimiter, after_end_mark, zero_bytes, rows_in_one_cell, json_lines]  # fmt: skip


# Entries of a ZIP. Each returns a file's name and its content.


def csv_entry(draw, kind, rows):
    return f"{kind}.csv", draw.choice(TEXTS)(draw, rows)


def of_no_kind(draw, kind, rows):
    return draw.choice(["things.csv", f"{kind[:3]}.csv", "data.txt"]), csv_of(rows)


def of_no_format(draw, kind, rows):
    return f"{kind}.{draw.choice(['xls', 'pdf', 'bak', 'dat'])}", csv_of(rows)


def jsonl_entry(draw, kind, rows):
    lines = json_lines(draw, rows).splitlines()
    if draw.random() < 0.5:
        lines[-1] = lines[-1][: draw.randrange(1, len(lines[-1]))]
    return f"{kind}.jsonl", "\n".join(lines)


def packed_once_more(draw, kind, rows):
    if draw.random() < 0.5:
        return f"{kind}.csv.gz", gzip.compress(csv_of(rows).encode())
    return f"{kind}.zip", zipped({f"{kind}.csv": csv_of(rows)})


def sheets(draw, kind, rows):
    """A workbook whose sheets each hold some of the rows; names, order and headers of the sheets vary."""
    at = draw.randrange(1, len(rows) + 1)
    parts = [rows[:at], [rows[0], *rows[at:]]]
    if draw.random() < 0.3:
        parts[1] = rows[at:] or [["Notes"]]
    if draw.random() < 0.3:
        parts.insert(0, [["Report"], ["of the year"]])
    names = draw.sample([kind, "Data", "More", "Sheet1", "2024"], len(parts))
    return f"{draw.choice([kind, kind, 'book'])}.xlsx", workbook(*(sheet(*part) for part in parts), names=names)


ENTRIES = [csv_entry, csv_entry, csv_entry, of_no_kind, of_no_format, jsonl_entry, packed_once_more, sheets, sheets]


# Whole uploads. Each takes (name, content) entries and returns a file's name and its content.


def in_a_zip(draw, entries):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(entries):
            archive.writestr(name if draw.random() < 0.5 else f"{number}/{name}", content)
    return "books.zip", packed.getvalue()


def after_another_zip(draw, entries):
    """Two ZIPs one after the other: the first one's entries are not in the directory at the end."""
    at = draw.randrange(len(entries) + 1)
    _, first = in_a_zip(draw, entries[:at])
    _, second = in_a_zip(draw, entries[at:])
    return "books.zip", first + second


def locked(draw, entries):
    name, content = in_a_zip(draw, entries)
    packed = bytearray(content)
    packed[packed.find(b"PK\x03\x04") + 6] |= 1
    packed[packed.find(b"PK\x01\x02") + 8] |= 1
    return name, bytes(packed)


UPLOADS = [in_a_zip, in_a_zip, in_a_zip, after_another_zip, locked]


def parts_of(draw, keys):
    """The keys in one or two parts."""
    at = draw.randrange(len(keys) + 1)
    return [part for part in (keys[:at], keys[at:]) if part]


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_no_record_is_deleted_that_stands_somewhere_in_the_input(uploads, draw):
    sent = {kind: draw.sample(keys, draw.randrange(1, len(keys))) for kind, keys in KEYS.items()}
    entries = []
    for kind, keys in sent.items():
        for part in parts_of(draw, keys):
            rows = table(kind, part)
            rows = as_exported(kind, rows) if draw.random() < 0.4 else rows
            entries.append(draw.choice(ENTRIES)(draw, kind, rows))
    draw.shuffle(entries)
    name, content = draw.choice(UPLOADS)(draw, entries)
    note(f"{sent}, {entries}")
    check_full_sync(uploads, name, content, sent)


@settings(max_examples=EXAMPLES // 2, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_no_record_is_deleted_that_stands_somewhere_in_a_batch(uploads, draw):
    sent = {kind: draw.sample(keys, draw.randrange(1, len(keys))) for kind, keys in KEYS.items()}
    members = []
    for kind, keys in sent.items():
        for part in parts_of(draw, keys):
            rows = [row_of(kind, key) for key in part]
            written = draw.choice([kind, kind, kind, kind[:4], "data"])
            value = draw.choice([rows, rows, rows, {"items": rows}, rows[0] if len(rows) == 1 else rows, [rows]])
            members.append(f"{json.dumps(written)}: {json.dumps(value)}")
    draw.shuffle(members)
    body = "{" + ", ".join(members) + "}"
    note(body)
    check_full_sync(uploads, "batch.json", body, sent, format="batch")


def check_full_sync(uploads, name, content, sent, **wanted):
    with transaction.atomic():
        uploads.enrollment.delete_limit_percent = uploads.enrollment.reject_limit_percent = 100
        uploads.enrollment.save()
        for kind in KEYS:
            import_profiles.save_profile(uploads.enrollment, None, profile_of(kind))
        everything = {f"{kind}.csv": csv_of(table(kind, keys)) for kind, keys in KEYS.items()}
        assert uploads.load(zipped(everything), "all.zip").status_code == "Success"
        result = uploads.load(content, name, full=True, **wanted)
        note(f"{result}: {[(one.code, one.file, one.message) for one in result.details.all()]}")
        for kind, keys in sent.items():
            there = set(MODELS[kind].objects.values_list("erp_key", flat=True))
            assert there >= set(keys), kind
            if not result.details.exclude(kind="skip").exists():
                assert there == set(keys), kind
        transaction.set_rollback(True)


def test_what_is_whole_is_complete(uploads):
    import_profiles.save_profile(uploads.enrollment, None, profile_of("financialAccounts"))
    whole_files = {
        "companies.csv": csv_of(table("companies", KEYS["companies"][:3])),
        "accounts.csv": csv_of(
            as_exported("financialAccounts", table("financialAccounts", KEYS["financialAccounts"][:3]))
        ),
    }
    everything = {f"{kind}.csv": csv_of(table(kind, keys)) for kind, keys in KEYS.items()}
    uploads.load(zipped(everything), "all.zip")
    uploads.load(zipped(whole_files), "some.zip", full=True)
    assert {kind: model.objects.count() for kind, model in MODELS.items()} == dict.fromkeys(KEYS, 3)
