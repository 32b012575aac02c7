"""How fast, how evenly and in how much memory the product loads: `python -m tests.benchmarks --help`.

Everything goes through the services that the interfaces call and the task that the queue calls, in processes of their
own, on the server of DATABASE_URL or an embedded one with its durable settings.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from tests.benchmarks.server import PROJECT, BenchmarkServer


def main():
    options = arguments().parse_args()
    # When it is terminated, it still stops its server and removes its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    with BenchmarkServer(options.folder) as server:
        server.fresh()
        print(server.description(), flush=True)
        print(f"\n{options.measure(server, options)}", flush=True)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    subcommands = parser.add_subparsers(required=True, metavar="MEASURE")

    def subcommand(name, measure, help):
        added = subcommands.add_parser(name, help=help, description=help)
        added.set_defaults(measure=measure)
        added.add_argument("--folder", type=Path, default=default_folder(), help="where to work (default: %(default)s)")
        return added

    one = subcommand("loading", _loading, "First load, again, 10 %% changed, bad lines, every form, two at once.")
    one.add_argument("--rows", type=int, default=1_000_000)
    one.add_argument("--runs", type=int, default=3)

    one = subcommand("growth", _growth, "First load and again for sizes that grow; then beside others' records.")
    one.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    one.add_argument("--others", type=int, default=20_000_000, help="records of other accounts; 0: leave that out")
    one.add_argument("--runs", type=int, default=3)

    one = subcommand(
        "memory", _memory, "The worker's peak memory at a huge CSV in a ZIP, and at bad lines by the million."
    )
    one.add_argument("--gigabytes", type=float, default=10)
    one.add_argument("--bad-lines", type=int, default=1_000_000)

    one = subcommand("inspecting", _inspecting, "Inspecting a large file: seconds, bytes read, peak memory.")
    one.add_argument("--gigabytes", type=float, default=1)
    one.add_argument("--runs", type=int, default=3)

    one = subcommand("peers", _peers, "The same rows through what else people load with; installs them on demand.")
    one.add_argument("--peer-rows", type=int, default=100_000)
    one.add_argument("--runs", type=int, default=3)
    one.add_argument("--only", nargs="+", default=[], help="leave out the other peers")

    one = subcommand("pick-up", _pick_up, "From a commit to the first line of the task, by broker.")
    one.add_argument("--tasks", type=int, default=300)

    one = subcommand("reading", _reading, "One record, pages near and far, includes, counts, among others' records.")
    one.add_argument("--records", type=int, default=1_000_000)
    one.add_argument("--others", type=int, default=2_000_000, help="invoices of other accounts")
    one.add_argument("--calls", type=int, default=100, help="of each kind")

    one = subcommand("claiming", _claiming, "A claim among many syncs that wait and many more that have ended.")
    one.add_argument("--history", type=int, default=1_000_000)
    one.add_argument("--waiting", type=int, default=20_000)
    one.add_argument("--claimers", type=int, default=4)
    one.add_argument("--claims", type=int, default=250, help="of each claimer")

    one = subcommand(
        "small-syncs", _small_syncs, "Syncs of one record: latency in small and large books, and by the hundred."
    )
    one.add_argument("--syncs", type=int, default=200)
    one.add_argument("--records", type=int, default=1_000_000, help="in the large books")

    one = subcommand(
        "reports", _reports, "Reports of an account with very many open invoices, beside another such one."
    )
    one.add_argument("--invoices", type=int, default=1_000_000)

    one = subcommand("sql", _sql, "First load from the tables of a PostgreSQL, and again.")
    one.add_argument("--rows", type=int, default=1_000_000)
    one.add_argument("--runs", type=int, default=3)

    one = subcommand("singer", _singer, "What a Singer tap says, and the same to another target, installed on demand.")
    one.add_argument("--rows", type=int, default=200_000)
    one.add_argument("--runs", type=int, default=3)

    one = subcommand("attack", _attack, "Others' waiting time, memory and disk while the running product is attacked.")
    one.add_argument("--seconds", type=float, default=30, help="of each attack")
    one.add_argument("--problems", type=int, default=100_000, help="of the sync that the attacker searches")
    return parser


def default_folder() -> Path:
    return Path(os.environ.get("ADS_VAR_DIR") or PROJECT / "var") / "benchmarks"


def _loading(server, options):
    from tests.benchmarks.loading import loading

    return loading(server, options.rows, options.runs)


def _growth(server, options):
    from tests.benchmarks.growth import growth

    return growth(server, options.sizes, options.others, options.runs)


def _memory(server, options):
    from tests.benchmarks.memory import memory

    return memory(server, options.gigabytes, options.bad_lines)


def _inspecting(server, options):
    from tests.benchmarks.inspecting import inspecting

    return inspecting(server, options.gigabytes, options.runs)


def _peers(server, options):
    from tests.benchmarks.peers import peers

    return peers(server, options.folder, options.peer_rows, options.runs, options.only)


def _pick_up(server, options):
    from tests.benchmarks.pick_up import pick_up

    return pick_up(server, options.tasks)


def _reading(server, options):
    from tests.benchmarks.reading import reading

    return reading(server, options.records, options.others, options.calls)


def _claiming(server, options):
    from tests.benchmarks.claiming import claiming

    return claiming(server, options.history, options.waiting, options.claimers, options.claims)


def _small_syncs(server, options):
    from tests.benchmarks.small_syncs import small_syncs

    return small_syncs(server, options.syncs, options.records)


def _reports(server, options):
    from tests.benchmarks.reports import reports

    return reports(server, options.invoices)


def _sql(server, options):
    from tests.benchmarks.sql_source import sql_source

    return sql_source(server, options.rows, options.runs)


def _singer(server, options):
    from tests.benchmarks.singer import singer

    return singer(server, options.folder, options.rows, options.runs)


def _attack(server, options):
    from tests.benchmarks.attack import attack

    return attack(server, options.seconds, options.problems)


if __name__ == "__main__":
    main()
