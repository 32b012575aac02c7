"""The commands of `ads`, their arguments and what they end with."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from adsplatform import __version__
from adsplatform.command_line import commands
from adsplatform.command_line.client import Client, NotReached, Refused
from adsplatform.command_line.exits import Exit
from adsplatform.command_line.files import UnusableFile
from adsplatform.command_line.names import UnknownName, reports_in_words

DESCRIPTION = "Loads files into ADS Platform and reads what was loaded, through its API."
EPILOGUE = """\
environment:
  ADS_URL      the address of the server, such as https://ads.example.com
  ADS_API_KEY  an API key, from the page “API keys”

exit status:
  0  done
  1  the sync failed or was cancelled
  2  the command cannot be understood, or a setting is missing
  3  finished with problems: lines were rejected, the others are loaded
  4  the server refused; it says why
  5  the server cannot be reached, or did not finish in time
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    missing = [name for name in ("ADS_URL", "ADS_API_KEY") if not os.environ.get(name)]
    if missing:
        return _fail(f"{' and '.join(missing)} must be set in the environment; “ads --help” says to what.", Exit.USAGE)
    try:
        with Client(os.environ["ADS_URL"], os.environ["ADS_API_KEY"]) as client:
            status: Exit = options.run(client, options)
            return status
    except (UnusableFile, UnknownName, commands.UnusableParameter) as error:
        return _fail(str(error), Exit.USAGE)
    except Refused as error:
        return _fail(str(error), Exit.REFUSED)
    except (NotReached, commands.NotFinished) as error:
        return _fail(str(error), Exit.UNREACHED)
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return _fail("Stopped.", Exit.INTERRUPTED)


def _fail(sentence: str, status: Exit) -> Exit:
    print(f"ads: {sentence}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ads",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    one = added.add_parser("sync", help="load files", description="Load files; several are sent as one ZIP.")
    one.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a CSV, JSONL, XLSX or ZIP file, or a folder")
    one.add_argument("--wait", action="store_true", help="wait for the end, and say what happened")
    one.add_argument("--timeout", type=float, default=3600, help="give up waiting after so many seconds (3600)")
    one.add_argument("--full", action="store_true", help="a full sync: records that are not in the files are deleted")
    one.add_argument("--preview", action="store_true", help="say what would change, and change nothing")
    one.add_argument("--enrollment", metavar="ID", default="", help="load into this enrollment")
    one.set_defaults(run=commands.sync)

    one = added.add_parser("syncs", help="list syncs", description="List syncs, the latest first.")
    one.add_argument("--filter", default="", help="such as: statusCode = Failed")
    one.add_argument("--limit", type=int, default=20, help="at most so many (20)")
    _add_forms(one)
    one.set_defaults(run=commands.syncs)

    one = added.add_parser("problems", help="list the problems of a sync", description="List the problems of a sync.")
    one.add_argument("sync", metavar="SYNC", help="the sync's id")
    _add_forms(one)
    one.set_defaults(run=commands.problems)

    one = added.add_parser("query", help="query records", description="Query the records of one kind.")
    one.add_argument(
        "kind",
        metavar="KIND",
        help="such as Invoices, Companies, Payments; a wrong one is answered with all there are",
    )
    one.add_argument("filter", metavar="FILTER", nargs="?", default="", help="such as: totalAmount gt 1000")
    one.add_argument("--order", default="", help="such as: paymentDueDate desc")
    one.add_argument("--include", default="", help="such as: Lines,Company; with --json")
    one.add_argument("--columns", default="", help="print these members only, separated by commas")
    one.add_argument("--limit", type=int, default=None, help="at most so many (all)")
    _add_forms(one)
    one.set_defaults(run=commands.query)

    one = added.add_parser(
        "report",
        help="read a report",
        description="Read a report.",
        epilog=f"reports and their parameters (those in brackets may be left out):\n{reports_in_words()}\n\n"
        "A DAY is written 2026-11-30. IDs: ads query AppEnrollments --columns appEnrollmentId,name",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("name", metavar="NAME", help="one of those below")
    one.add_argument("parameters", metavar="PARAMETER=VALUE", nargs="*", help="such as: reportDate=2026-11-30")
    _add_forms(one)
    one.set_defaults(run=commands.report)
    return parser


def _add_forms(parser: argparse.ArgumentParser) -> None:
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help="print CSV")
    forms.add_argument("--json", dest="form", action="store_const", const="json", help="print a line of JSON each")
    parser.set_defaults(form="table")
