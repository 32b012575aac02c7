"""Whatever comes in, in whatever order: records, counts and rejected rows are those of the rules."""

import copy
import csv
import io
import json
import os
import re
import unicodedata
from uuid import UUID

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from adsplatform.records import models
from adsplatform.records.specification import entities
from syncs.connectors.protocol import ABSENT, Rows
from syncs.loading.control_totals.recount import check_totals, recount
from syncs.models import BookTotal
from syncs.services.import_profiles import save_profile
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import GivenFiles, account, balance, company, invoice
from tests.loading.profiled_files import ProfiledFile
from tests.loading.rules import Books, Record
from tests.loading.rules_of_kinds import KINDS, is_key

# Each of them up to eight syncs. `EXAMPLES=250 make test ARGS=tests/loading/test_any_input.py`, again and again, tries
# thousands; a run is one transaction, which grows.
EXAMPLES = int(os.environ.get("EXAMPLES", 40))
# Without shrinking, which takes minutes here and does not make the input much clearer.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
NOBODY = UUID(int=7 << 76 | 2 << 62)


class Id(str):
    """Stands for the platform id that the record of this key has by then; `x` for a stranger's record."""


COMPANIES, CONTACTS, ACCOUNTS = ("C1", "C2", "C\u00e9"), ("K1", "K2"), ("A1", "A2")
NAMED_COMPANY = (*COMPANIES, "C9", "", None)
# Other spellings of a key, which mean the same, and some with a character that makes it another one.
SAME_KEY = ("{} ", " {}", "{}\u00a0", "\u2003{}\u2009", "\t{}")
OTHER_KEY = ("{}\u200b", "\ufeff{}", "\u00ad{}", "{}\x07", "{}\ufe0f")
COMPANY_ID = (*map(Id, COMPANIES), Id("X1"), Id("x"), "", None)
ACTION = (0, 1, 1, 2, 2, 2, "", "7")
# Of each kind: a good line, its keys, and what may be changed in it.
LINES = {
    "Company": (
        company,
        COMPANIES,
        {
            "erpKey": (" ", None),
            "companyName": ("Acme", "Other", ""),
            "isActive": ("true", "false", "perhaps"),
            "city": ("Rome", "", None),
            "parentCompanyErpKey": NAMED_COMPANY,
            "parentCompanyNetworkId": COMPANY_ID,
            "primaryContactErpKey": (*CONTACTS, "K9", ""),
            "onMatchAction": ACTION,
            "networkId": COMPANY_ID,
        },
    ),
    "Contact": (
        lambda key: {"erpKey": key, "companyErpKey": "C1", "isActive": "true"},
        CONTACTS,
        {
            "companyErpKey": NAMED_COMPANY,
            "companyNetworkId": COMPANY_ID,
            "city": ("Rome", ""),
            "onMatchAction": ACTION,
        },
    ),
    "Invoice": (
        invoice,
        ("I1", "I2", "I3"),
        {
            "companyErpKey": NAMED_COMPANY,
            "customerErpKey": NAMED_COMPANY,
            "customerNetworkId": COMPANY_ID,
            "totalAmount": ("10", "20", "", "twelve", "9" * 20),
            "netAmount": ("0.00000001", "-7.5", "+.50", ""),
            "currencyCode": ("EUR", "eur", "USD", "", "EURO", "€"),
            "currencyRate": ("1", "2", "-2", "0", ""),
            "baseCurrencyTotalAmount": ("", "15", "10"),
            "isVoided": ("true", "false", ""),
            "onMatchAction": ACTION,
        },
    ),
    "FinancialAccount": (
        account,
        ACCOUNTS,
        {"code": ("1000", "2000", "3000", ""), "name": ("Cash", "Bank"), "onMatchAction": ACTION},
    ),
    "FinancialAccountBalanceHistory": (
        lambda key: balance(financialAccountErpKey=key),
        ACCOUNTS,
        {
            "periodNumber": ("1", "2", ""),
            "balance": ("1", "2", "twelve"),
            "financialAccountErpKey": (*ACCOUNTS, "A9", "", None),
            "financialAccountCode": ("1000", "2000", "3000", "9", ""),
        },
    ),
}


def a_line(draw, kind) -> dict:
    """A good line, or nearly so."""
    make, keys, columns = LINES[kind]
    row = make(draw.choice(keys))
    for column in draw.sample(list(columns), draw.choice((0, 0, 1, 1, 2, 3))):
        row[column] = draw.choice(columns[column])
    for column in draw.sample(list(row), draw.choice((0, 0, 0, 0, 1, 2))):
        del row[column]
    for column in filter(is_key, row):
        row[column] = spelled(draw, row[column])
    return row


def spelled(draw, key):
    """The key in one of its spellings, mostly the plain one."""
    if not key or draw.random() < 0.8:
        return key
    key = unicodedata.normalize(draw.choice(("NFC", "NFD")), key)
    return draw.choice(OTHER_KEY if draw.random() < 0.1 else SAME_KEY).format(key)


def an_input(draw) -> list:
    kinds = draw.sample(list(LINES), draw.randrange(1, len(LINES) + 1)) + draw.sample(list(LINES), draw.randrange(2))
    return [(kind, [a_line(draw, kind) for _ in range(draw.randrange(1, 4))]) for kind in kinds]


def everything_good() -> list:
    return [(kind, [make(key) for key in keys]) for kind, (make, keys, _) in LINES.items()]


def as_rows(blocks):
    return {str(at): rows(at, *block) for at, block in enumerate(blocks)}


def rows(at, kind, lines):
    columns = columns_of(lines)
    cells = [[line.get(column, ABSENT) for column in columns] for line in lines]
    return Rows(kind, f"{kind} ({at})", columns, cells, list(range(2, len(lines) + 2)), ["raw"] * len(lines))


def as_csv(blocks):
    return GivenFiles({f"{kind} ({at}).csv": csv_of(lines) for at, (kind, lines) in enumerate(blocks)})


def csv_of(lines):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns_of(lines))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def as_json_lines(blocks):
    # An empty line first, so that lines are counted as in a CSV with its header.
    return GivenFiles(
        {
            f"{kind} ({at}).jsonl": "\n" + "".join(f"{json.dumps(line)}\n" for line in lines)
            for at, (kind, lines) in enumerate(blocks)
        }
    )


def as_exports(draw, blocks, enrollment, unread):
    """A function that writes the blocks as some program might: most by a profile, the others under our own names.

    The lines that a profile cannot read are added to `unread`.
    """
    exports = [
        ProfiledFile(draw, at, kind, rows) if ProfiledFile.can_have(kind, rows) and draw.random() < 0.9 else None
        for at, (kind, rows) in enumerate(blocks)
    ]
    for at, export in enumerate(exports):
        if export:
            note(export.document())
            save_profile(enrollment, None, export.document())
            unread.update((at, number) for number in export.unread())

    def as_exported(blocks):
        # In the order of the blocks, because the last line of a key counts.
        return GivenFiles(
            {
                f"{kind} ({at}).csv": export.content() if export else csv_of(lines)
                for at, ((kind, lines), export) in enumerate(zip(blocks, exports, strict=True))
            }
        )

    return as_exported


FORMS = {"rows": as_rows, "csv": as_csv, "jsonl": as_json_lines}


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_input_is_accounted_for(sync, counts, enrollment, draw):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    stranger = AppEnrollmentFactory(app=enrollment.app)
    into = {"ours": enrollment, "theirs": other}
    with transaction.atomic():
        sync({"companies": [company("x")]}, into=stranger)
        books = Books()
        if draw.random() < 0.7:
            check(sync, counts, books, everything_good(), False, "ours", into, directly=draw.random() < 0.5)
        for _ in range(draw.randrange(1, 4)):
            full, whose = draw.random() < 0.5, draw.choice(("ours", "ours", "ours", "theirs"))
            form = draw.choice((*FORMS, "profile"))
            blocks = with_ids(an_input(draw), books)
            if form in ("csv", "profile"):
                blocks = [(kind, filled) for kind, rows in blocks if (filled := with_all_columns(rows))]
                blocks = blocks or everything_good()
            unread = set()
            write = as_exports(draw, blocks, into[whose], unread) if form == "profile" else FORMS[form]
            directly = draw.random() < 0.5
            first = check(sync, counts, books, blocks, full, whose, into, write, unread, directly)
            # A line that lacks what only a new record needs may load once another line has made the record.
            deletes = any(str(row.get("onMatchAction")) == "2" for _, rows in blocks for row in rows)
            if not first.rejected and not deletes:
                before = everything()
                # In the same form: where nothing has changed, a line is known again.
                check(sync, counts, books, blocks, full, whose, into, write, unread)
                assert everything() == before
        assert models.Company.objects.filter(app_enrollment=stranger).count() == 1
        transaction.set_rollback(True)


def check(sync, counts, books, blocks, full, whose, into, write=as_rows, unread=(), directly=False):
    """Sync the blocks; outcome and records must be those of the rules."""
    how = f"{'full' if full else 'delta'} sync of {whose} {write.__name__}{', inserted directly' if directly else ''}"
    note(f"{how}: {blocks}")
    before = everything()
    expected = books.sync(copy.deepcopy(blocks), whose, full, unread)
    result = sync(write(blocks), into=into[whose], run_full_sync=full, directly=directly)
    note([(one.code, one.file, one.line, one.message) for one in result.details.all()])
    assert result.status_code == expected.status, result.process_result_message
    assert "our side" not in result.process_result_message
    assert counts(result) == expected.counts
    assert rejected_lines(result) == expected.rejected
    assert control_totals(result) == expected.totals
    if expected.status == "Failed":
        assert everything() == before
    assert in_the_books(books, into) == in_the_rules(books, into)
    for name, enrollment in into.items():
        assert recount(enrollment) == []
        assert book_totals(enrollment) == books.totals(name)
    return expected


def columns_of(lines):
    return list(dict.fromkeys(column for line in lines for column in line))


def with_all_columns(lines):
    """In a CSV, a line has every column of its file, and one without any value is none."""
    filled = [dict.fromkeys(columns_of(lines), "") | line for line in lines]
    return [line for line in filled if set(line.values()) - {"", None}]


def rejected_lines(result):
    errors = result.details.filter(kind="error", line__isnull=False)
    return {(d.entity, int(re.search(r"\((\d+)\)", d.file)[1]), d.line) for d in errors}


def control_totals(result):
    """By entity, column and currency: what (count, sum) is in the file, loaded, …, leaving out nothings."""
    found = {}
    for total, agrees in check_totals(result.control_totals.all()):
        assert agrees is not False
        found[total.entity, total.column, total.currency] = {
            name: (getattr(total, f"{name}_count"), getattr(total, f"{name}_sum"))
            for name in ("file", "loaded", "rejected", "skipped", "books")
            if getattr(total, f"{name}_count")
        }
    return found


def book_totals(enrollment):
    return {
        (total.entity, total.column, total.currency): (total.count, total.sum)
        for total in BookTotal.objects.filter(app_enrollment=enrollment)
    }


def with_ids(blocks, books):
    """The blocks with platform ids in place of their stand-ins."""
    ids = {r.values["erpKey"]: r.id for r in books.records if r.kind == "Company" and r.enrollment == "ours"}
    ids["X1"] = next((r.id for r in books.records if (r.kind, r.enrollment) == ("Company", "theirs")), NOBODY)
    ids["x"] = models.Company.objects.get(erp_key="x").pk

    def cell(value):
        return str(ids.get(str(value), NOBODY)) if isinstance(value, Id) else value

    return [(kind, [{c: cell(v) for c, v in row.items()} for row in rows]) for kind, rows in blocks]


def everything():
    return {kind: list(getattr(models, kind).objects.order_by("pk").values()) for kind in KINDS}


def in_the_books(books, into):
    """The account's records as (kind, enrollment, values); notes their ids in the rules' records."""
    names, found = {}, []
    for kind in KINDS:
        for row in getattr(models, kind).objects.filter(app_enrollment__in=into.values()):
            names[row.pk] = (kind, row.app_enrollment_id, getattr(row, "erp_key", ""))
    ids = {name: pk for pk, name in names.items()}
    for record in books.records:
        record.id = ids.get((record.kind, into[record.enrollment].pk, record.values.get("erpKey")))
    for kind, rules in KINDS.items():
        columns = entities()[kind].by_wire_name
        for row in getattr(models, kind).objects.filter(app_enrollment__in=into.values()):
            values = {column: getattr(row, columns[column.lower()].name) for column in rules.own_columns}
            values |= {name: getattr(row, f"{snake(name)}_id") for name in rules.references}
            values |= {name: names.get(values[name], values[name]) for name in rules.references}
            found.append((kind, row.app_enrollment_id, getattr(row, "erp_key", ""), values))
    return sorted(found, key=str)


def in_the_rules(books, into):
    def name(record):
        return (record.kind, into[record.enrollment].pk, record.values.get("erpKey", ""))

    found = []
    for record in books.records:
        values = {column: value for column, value in record.values.items() if column != "erpKey"}
        values |= {column: name(value) for column, value in record.values.items() if isinstance(value, Record)}
        found.append(
            (*name(record), {c: values[c] for c in (*KINDS[record.kind].own_columns, *KINDS[record.kind].references)})
        )
    return sorted(found, key=str)


def snake(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
