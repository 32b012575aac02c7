"""The benchmarks themselves, with so few rows that nothing is measured: each load still has to do what is measured."""

import os

import psutil
import pytest

from tests.benchmarks.attack import ATTACKS, attack
from tests.benchmarks.claiming import claiming
from tests.benchmarks.growth import growth, report
from tests.benchmarks.inspecting import inspecting
from tests.benchmarks.invoices import Invoices
from tests.benchmarks.loading import BATCH, CONNECTOR, HALF, JSONL, PROFILE, TWO, loading
from tests.benchmarks.measuring import WrongOutcome, measure
from tests.benchmarks.memory import memory
from tests.benchmarks.pick_up import BROKERS, pick_up
from tests.benchmarks.reading import reading
from tests.benchmarks.reports import reports
from tests.benchmarks.server import BenchmarkServer
from tests.benchmarks.singer import replayed
from tests.benchmarks.small_syncs import small_syncs
from tests.benchmarks.sql_source import sql_source
from tests.benchmarks.tables import Measured
from tests.benchmarks.worker import Load


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    with BenchmarkServer(folder, durable=False) as server:
        yield server
    assert list(folder.iterdir()) == []


def test_every_format_is_loaded(server):
    table = loading(server, rows=300, runs=1)
    for name in (PROFILE, JSONL, BATCH, CONNECTOR, TWO, *([HALF] if server.may_be_confined else [])):
        assert f"| {name} " in table


def test_a_tap_is_loaded(server):
    invoices = Invoices(300)
    with replayed(server, invoices) as load:
        server.fresh()
        measure(server, "first", load, invoices, inserted=300)
        measure(server, "again", load, invoices, unchanged=300)


def test_the_processes_are_bound_to_their_cores_only_while_measuring(server):
    if not server.may_be_confined:
        pytest.skip("There is no server of ours, or but one core.")

    def cores():
        with server.connect() as connection:
            return {len(psutil.Process(pid).cpu_affinity()) for pid in (os.getpid(), connection.info.backend_pid)}

    before = cores()
    with server.on_half_the_cores():
        assert cores() == {len(psutil.Process().cpu_affinity())} != before
    assert cores() == before


def test_growth_is_measured_beside_the_records_of_others(server):
    table = growth(server, [200, 400], 20_000, runs=1)
    assert "| 400 " in table
    assert "COPY: time per row ÷ that of 400" in table
    assert "Beside 20,000 invoices of 2 other accounts" in table
    assert server.ask("SELECT count(*) FROM records_invoice") == 20_000 + 200 + 400


def test_reads_are_measured(server):
    found = reading(server, records=600, others=300, calls=3)
    assert "600 invoices beside 300 of others" in found
    assert "… statements over records" in found


def test_growth_is_compared_with_linear_growth():
    seconds = {10_000: 0.5, 1_000_000: 20.3, 10_000_000: 240.36}
    found = {size: {"first": [Measured(size, took)]} for size, took in seconds.items()}
    assert report(found).endswith(
        "The straight line through 10,000 and 1,000,000:\n"
        "- first: 0.30 s and 20.0 µs a row; 10,000,000 takes 1.20 of what it says."
    )


def test_bad_lines_are_reported_one_by_one(server):
    table = memory(server, gigabytes=0.0005, bad_lines=200)
    assert "| a CSV of 0.0005 GB in a ZIP " in table
    assert "| 200 bad lines, 200 details " in table


def test_the_pick_up_time_is_measured_for_every_broker(server):
    found = pick_up(server, tasks=3)
    assert all(f"| {name} " in found for name in BROKERS)


def test_the_running_product_is_attacked_in_every_way(server):
    server.fresh()
    found = attack(server, seconds=1, problems=50)
    assert all(f"| {name} " in found for name in ("usually", *ATTACKS))
    # Nothing that is measured within a second is stable, but nobody may be refused.
    assert [line.split("|")[3].strip() for line in found.splitlines() if line.startswith("| ")][2:] == ["0"] * 5


def test_each_claimer_gets_another_sync(server):
    assert "| 200 " in claiming(server, history=400, waiting=200, claimers=2, claims=20)


def test_small_syncs_are_measured_in_small_and_large_books(server):
    found = small_syncs(server, syncs=3, records=30)
    assert "| latency beside 30 records, p50 / p95 " in found
    assert "| 3 waiting in 1, ended in a second " in found


def test_reports_come_to_what_was_filled_in(server):
    found = reports(server, invoices=300)
    assert "| aging, five buckets " in found
    assert found.count("\n") == 10


def test_tables_of_a_database_are_loaded(server):
    found = sql_source(server, rows=300, runs=1)
    assert "| first load, SQL " in found
    assert "| the same again, SQL " in found


def test_a_load_with_unexpected_counts_is_not_a_result(server, tmp_path):
    server.fresh()
    path = tmp_path / "invoices.csv"
    path.write_text("erpKey,totalAmount\nI1,twelve\n")
    with pytest.raises(WrongOutcome, match="Failed"):
        measure(server, "a bad line", Load(str(path)), Invoices(1), inserted=1)


def test_the_invoices_are_the_same_every_time():
    assert list(Invoices(50)) == list(Invoices(50))
    changed = Invoices(50, changed=0.5)
    differing = [one[8] != other[8] for one, other in zip(Invoices(50), changed, strict=True)]
    assert sum(differing) == changed.changed_rows > 10


def test_an_inspection_reads_only_the_beginning(server):
    lines = inspecting(server, gigabytes=0.02, runs=1).splitlines()[2:4]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [cells[0] for cells in found] == ["invoices.csv", "invoices.zip"]
    assert all(0 < float(cells[3]) < 20 for cells in found)
