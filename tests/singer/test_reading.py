"""What a tap says becomes rows, bookmarks and sentences; what it should not do is refused."""

import json
import os
from types import MappingProxyType

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import AllKeys, Bookmark, Columns, ConnectorError, NoHelper, RowProblem
from syncs.connectors.singer import taps
from syncs.connectors.singer.catalog import by_message_name, catalog_in
from syncs.connectors.singer.streams import Stream
from tests.product import eventually
from tests.singer.books import PASSWORD, TAP, credentials_of, items_of, settings_of, source_of


def rows_in(items) -> dict:
    """By stream, the rows as texts by column."""
    found = {}
    for item in items:
        if isinstance(item, Columns):
            rows = zip(*(list(cells) for cells in item.cells), strict=True)
            found.setdefault(item.file, []).extend(dict(zip(item.columns, row, strict=True)) for row in rows)
    return found


def state_in(items) -> MappingProxyType:
    return MappingProxyType({item.kind: item.state for item in items if isinstance(item, Bookmark)})


def delta(items, **config):
    """What is read after that, by a tap with this configuration."""
    return items_of(source_of(given={"full": False, "state": state_in(items)}, **config))


def test_the_streams_are_named_by_the_check(books):
    found = connector_named("singer").check(settings_of(), credentials_of())
    assert found == f"The tap “{TAP}” offers 2 of its 3 streams: companies and invoices."


def test_values_are_texts_to_the_last_digit(books):
    items = items_of(source_of(does="odd_values"))
    first, second, third, fourth = rows_in(items)["companies"]
    assert (first["erpKey"], first["total"]) == ("12345678901234567890123", "10.10")
    assert (second["erpKey"], second["total"]) == ("\\ud800", "1500")
    assert third == {
        "erpKey": "C3",
        "companyName": 'Tab\tand "quote"\nand line',
        "address.city": "Köln",
        "address.geo": '{"lat": 1}',
        "total": None,
    }
    (block,) = (item for item in items if isinstance(item, Columns))
    assert block.gaps[1] == [True, True, False, False]
    assert block.gaps[2] == [True, True, False, False]
    assert list(block.exact) == [block.columns.index("total")]
    assert {item.column for item in items if isinstance(item, RowProblem)} == {"extra", "more"}
    assert fourth["companyName"] is None


def test_a_record_that_the_source_marks_as_deleted_is_to_be_deleted():
    stream = Stream("companies", "Company")
    columns = {"erpKey": {"type": "string"}, "_sdc_deleted_at": {"type": ["null", "string"], "format": "date-time"}}
    (header,) = stream.begin({"properties": columns})
    assert list(header.columns) == ["erpKey", "onMatchAction"]
    rows = [{"erpKey": "C1", "_sdc_deleted_at": None}, {"erpKey": "C2", "_sdc_deleted_at": "2026-01-02T00:00:00Z"}]
    assert not [item for row in rows for item in stream.add(row)]
    (block,) = stream.flush()
    assert [list(cells) for cells in block.cells] == [["C1", "C2"], [None, "2"]]


def test_a_stream_whose_columns_change_begins_again():
    stream = Stream("companies", "Company")
    assert len(list(stream.begin({"properties": {"erpKey": {}}}))) == 1
    assert not list(stream.begin({"properties": {"erpKey": {}}}))
    assert not list(stream.add({"erpKey": "C1"}))
    block, header = stream.begin({"properties": {"erpKey": {}, "companyName": {}}})
    assert (list(block.lines), list(header.columns)) == ([1], ["erpKey", "companyName"])
    assert not list(stream.add({"erpKey": "C2", "companyName": "Acme"}))
    (block,) = stream.flush()
    assert list(block.lines) == [2]


def test_two_streams_that_messages_call_alike_are_not_confused():
    entries = [{"tap_stream_id": f"{database}-invoice", "stream": "invoice", "schema": {}} for database in ("a", "b")]
    offered = catalog_in(json.dumps({"streams": entries}).encode(), TAP)
    assert by_message_name(offered[:1]) == {"a-invoice": "a-invoice", "invoice": "a-invoice"}
    with pytest.raises(ConnectorError, match="“a-invoice” and “b-invoice” are both called “invoice”"):
        by_message_name(offered)


@pytest.mark.parametrize("said", [b"", b"[]", b"{}", b'{"streams": [1]}', b'{"streams": [{}]}'])
def test_a_catalogue_that_is_none_is_refused(said):
    with pytest.raises(ConnectorError, match="wrote no catalogue of streams"):
        catalog_in(said, TAP)


def test_records_before_a_schema_are_refused():
    with pytest.raises(ConnectorError, match="a record of the stream “companies” before its schema"):
        list(Stream("companies", "Company").add({"erpKey": "C1"}))


ERRORS = {
    "fails": ({"does": "fail"}, "ended with exit code 3. It said last: “ERROR using [secret]: disk on fire”.", False),
    "is no tap": ({"does": "junk"}, "no message of Singer: “Hello [secret], I am no tap”.", False),
    "long line": ({"does": "long_line"}, "a line of more than 1,000,000 bytes", False),
    "memory": ({"does": "eat_memory"}, "more memory than the 4,096 MB", False),
    "batch": ({"does": "batch"}, "writes its records into files (BATCH)", False),
    "password": ({"password": "wrong one"}, "the password “[secret]” is wrong”.", False),
    "away": ({"port": 1}, "“ConnectionRefusedError: [Errno 111] Connection refused”.", True),
    "no such stream": (
        {"streams": "invoces"},
        "has no stream “invoces”. It has companies, invoices and",
        False,
    ),
    "unknown columns": ({"streams": "customers"}, "Nothing says what is in customers of the tap", False),
    "another's address": ({"host": "10.1.2.3"}, "“10.1.2.3” is not on the public internet", False),
    "another's url": ({"api": {"url": "https://10.1.2.3/v1"}}, "“10.1.2.3” is not on the public internet", False),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_goes_wrong_is_told_in_a_sentence(books, case):
    given, sentence, is_transient = ERRORS[case]
    with pytest.raises(ConnectorError) as refused:
        items_of(source_of(**given))
    assert sentence in str(refused.value)
    assert refused.value.transient is is_transient


def test_a_tap_that_says_nothing_or_takes_too_long_is_ended(books, allowing):
    for limit, sentence in (("silentSeconds", "said nothing for 1 seconds"), ("seconds", "ran for longer than 1 sec")):
        allowing({TAP: {"command": str(books.command), limit: 1}})
        with pytest.raises(ConnectorError, match=sentence):
            items_of(source_of(does="wait"))
    assert eventually(lambda: not books.processes(), seconds=10)


def test_stopping_ends_the_whole_group(books):
    reading = connector_named("singer").rows(source_of(does="wait"))
    while not isinstance(next(reading), Columns):
        pass
    assert eventually(lambda: len(books.processes()) == 2, seconds=20)
    reading.close()
    assert not books.processes()


def test_only_changes_are_read_and_what_a_whole_stream_lacks_is_gone(books):
    first = items_of(source_of())
    del books.rows["companies"][1]
    books.rows["invoices"][2]["totalAmount"] = 9
    books.save()
    second = delta(first)
    found = rows_in(second)
    # The bookmark is inclusive, so the last invoice comes again.
    assert [(row["erpKey"], row["totalAmount"]) for row in found["invoices"]] == [("I3", "9")]
    complete = AllKeys("Company", "companies", [], is_last=True, are_in_rows=True)
    assert [item for item in second if isinstance(item, AllKeys)] == [complete]
    # In the first reading nothing is known that could be gone.
    assert not any(isinstance(item, AllKeys) for item in first)


def test_a_stream_that_is_empty_all_at_once_deletes_nothing(books):
    first = items_of(source_of())
    books.rows["companies"] = []
    books.save()
    assert not any(isinstance(item, AllKeys) for item in delta(first))


def test_another_configuration_begins_again(books):
    first = items_of(source_of())
    assert len(rows_in(delta(first))["invoices"]) == 1
    assert len(rows_in(delta(first, another="source"))["invoices"]) == 3


def test_a_state_says_nothing_of_streams_that_are_read_otherwise_now(books):
    state = dict(state_in(items_of(source_of())))
    state[""] = state[""] | {"readBy": {"companies": "Company", "invoices": "of a profile"}}
    items = items_of(source_of(given={"full": False, "state": state}))
    assert len(rows_in(items)["invoices"]) == 3


class Vault(NoHelper):
    """Keeps what is renewed."""

    def renew_credentials(self, renewal):
        self.credentials.update(renewal(dict(self.credentials)))
        return self.credentials


def test_tokens_that_the_tap_writes_are_kept(books):
    vault = Vault(credentials_of(token="a token"))
    items_of(source_of(does="rotate", given={"helper": vault}))
    assert json.loads(vault.credentials["secrets"]) == {"password": PASSWORD, "token": "a token+"}


def test_tokens_that_somebody_has_entered_meanwhile_are_kept(books):
    vault = Vault(credentials_of(token="another"))
    items_of(source_of(does="rotate", given={"helper": vault}))
    assert json.loads(vault.credentials["secrets"])["token"] == "another"


def test_the_configuration_is_private_and_removed(books):
    items = items_of(source_of(does="look_around", process=os.getpid()))
    (mode,) = (row for row in rows_in(items)["companies"] if row["erpKey"].startswith("mode"))
    assert mode["erpKey"] == "mode 600"
    assert not os.path.exists(mode["companyName"])
    assert "a secret variable" not in {row["erpKey"] for row in rows_in(items)["companies"]}


WRONG = {
    "no path": ({"x": 1}, "“x” needs the path"),
    "relative": ({"x": "bin/tap"}, "needs the whole path of its program, not “bin/tap”"),
    "unknown member": ({"x": {"command": "/x", "limit": 1}}, "has a member “limit”; known are command, memoryBytes"),
    "no number": ({"x": {"command": "/x", "seconds": "many"}}, "has “many” as seconds"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_list_of_taps_is_refused(case, books):
    given, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence):
        taps.allow(given)


def test_taps_that_are_not_there_are_refused(books, allowing):
    with pytest.raises(ConnectorError, match="“another” is not allowed here. Choose one of tap-books"):
        items_of(source_of(given={"settings": settings_of() | {"tap": "another"}}))
    allowing({TAP: "/nowhere/bin/tap"})
    with pytest.raises(ConnectorError, match="is not installed where SINGER_TAPS says"):
        items_of(source_of())
    allowing({})
    with pytest.raises(ConnectorError, match="No Singer tap is allowed here"):
        items_of(source_of())


@pytest.mark.parametrize("given", ["[1]", "{", "[" * 100_000])
def test_a_configuration_that_is_no_object_is_refused(books, given):
    with pytest.raises(ConnectorError, match=r"“Configuration” is no JSON.*Write"):
        items_of(source_of(given={"settings": settings_of() | {"config": given}}))
