"""Records written in any style and read by the right profile are the records; a file in another style is refused."""

import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.import_profiles.loading import ProfiledUploads, counts, problems
from tests.import_profiles.random_files import AMOUNTS, COMPANIES, DATES, INVOICE, Written

pytestmark = pytest.mark.django_db
# Each of them two or three syncs. `EXAMPLES=250 make test ARGS=tests/import_profiles/test_any_style.py`, again and
# again, tries thousands; a run is one transaction, which grows.
EXAMPLES = int(os.environ.get("EXAMPLES", 15))
# Without shrinking, which takes minutes here and does not make the input much clearer.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


@pytest.fixture
def uploads():
    found = ProfiledUploads()
    found.companies(*COMPANIES.items())
    return found


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_records_in_any_style_are_loaded_by_its_profile_and_no_other_style_is(uploads, draw):
    written = Written(draw)
    note(f"{written.profile()}\n{written.rows}")
    with transaction.atomic():
        uploads.save(written.profile())
        name, change, content = another_style(written)
        note(f"{change}: {b'' if written.is_sheet else content!r}")
        refused = uploads.load(content, name)
        assert (refused.status_code, refused.failure_code) == ("Failed", "profile_contradicted"), problems(refused)
        assert uploads.records("Invoice") == {}
        for repeated in (False, True):
            result = uploads.load(written.content(), written.file_name)
            assert [problem for problem in problems(result) if problem[0] == "error"] == []
            assert uploads.records("Invoice", *INVOICE) == written.records["Invoice"]
            lines = written.records.get("InvoiceLine", {})
            assert uploads.records("InvoiceLine", "lineNumber", "netAmount") == lines
            for kind, records in written.records.items():
                inserted, unchanged = (0, len(records)) if repeated else (len(records), 0)
                assert counts(result, kind)[1:] == (inserted, 0, unchanged, 0)
        transaction.set_rollback(True)


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_a_full_sync_deletes_nothing_of_a_profiled_file_that_was_not_read_to_its_end(uploads, draw):
    written = Written(draw)
    keys = list(written.records["Invoice"])
    sent = draw.sample(keys, draw.randrange(1, len(keys) + 1))
    with transaction.atomic():
        uploads.enrollment.delete_limit_percent = uploads.enrollment.reject_limit_percent = 100
        uploads.enrollment.save()
        uploads.save(written.profile())
        assert uploads.load(written.content(), written.file_name).status_code == "Success"
        written.keep(sent)
        damage = draw.choice([whole, bad_cell, key_left_out, *([] if written.is_sheet else [short_row, open_quote])])
        content = damage(written)
        note(f"{damage.__name__}: {written.profile()}\n{'' if written.is_sheet else content}")
        result = uploads.load(content, written.file_name, full=True)
        note(problems(result, "kind", "line", "code", "column", "message"))
        for kind, everything in written.records.items():
            there = uploads.records(kind).keys()
            in_file = {key for key in everything if key.partition("/")[0] in sent}
            is_whole = result.status_code == "Success" and counts(result, kind)[-1] == 0
            assert is_whole or damage is not whole
            assert there == (in_file if is_whole else everything.keys())
        if damage is not short_row:
            there, everything = uploads.records("Invoice", *INVOICE), written.records["Invoice"]
            assert {key: there[key] for key in sent} == {key: everything[key] for key in sent}
        transaction.set_rollback(True)


def whole(written):
    return written.content()


def bad_cell(written):
    """One cell is no number, no date and no flag in any style, so that its record is rejected."""
    return with_cell(written, [field for field in (*AMOUNTS, *DATES, "isVoided") if field in written.fields], "?!")


def key_left_out(written):
    return with_cell(written, ["erpKey"], "")


def short_row(written):
    """A line lacks its last cells, but is no blank line."""
    row = written.draw.choice([row for row in written.rows if any(row[:-1])])
    first = next(at for at, cell in enumerate(row) if cell)
    before, row[:] = list(row), row[: written.draw.randrange(first + 1, len(row))]
    content = written.content()
    row[:] = before
    return content


def open_quote(written):
    """A quotation mark is never closed, so that the lines below it may be no rows."""
    lines = written.content().decode(written.style.encoding).splitlines(keepends=True)
    at = written.draw.randrange(written.titles + 1, len(lines))
    return "".join([*lines[:at], f'"{lines[at]}', *lines[at + 1 :]]).encode(written.style.encoding)


def another_style(written):
    """The file with something in it that its profile does not say: its name, what it is, and its content."""
    draw = written.draw
    ways = [another_number, another_date, another_column, another_line]
    if not written.is_sheet:
        ways += [another_delimiter, another_encoding]
    way = draw.choice(ways)
    return written.file_name, way.__name__, way(written)


def with_cell(written, fields, text):
    """The file with another text in one of its cells."""
    row, place = written.draw.choice(written.rows), written.fields.index(written.draw.choice(fields))
    before, row[place] = row[place], text
    content = written.content()
    row[place] = before
    return content


def another_number(written):
    return with_cell(written, AMOUNTS, f"12{'.' if written.style.decimal == ',' else ','}34")


def another_date(written):
    day_first = written.style.dates.startswith("DD")
    return with_cell(written, DATES, "12/25/2024" if day_first else "25/12/2024")


def another_column(written):
    header = [written.names[field] for field in written.fields]
    header[written.draw.randrange(len(header))] = "Sonstiges"
    return written.content(header=header)


def another_line(written):
    return written.content(titles=written.titles + 1)


def another_delimiter(written):
    return written.content(delimiter=written.draw.choice([mark for mark in ",;\t|" if mark != written.style.delimiter]))


def another_encoding(written):
    if written.style.encoding in ("utf-8", "utf-16"):
        return written.content(encoding="utf-16" if written.style.encoding == "utf-8" else "utf-8")
    content = written.content(encoding="utf-8")
    # Without another letter, the same bytes are the file in both encodings.
    return written.content(encoding="utf-16") if content.isascii() else content
