"""The results of the conformance suite as a table, connector by property."""

from collections import defaultdict
from collections.abc import Iterable

from _pytest.reports import TestReport
from _pytest.terminal import TerminalReporter

from syncs.connectors.testing import ConnectorSuite

PROPERTIES = [name for name in vars(ConnectorSuite) if name.startswith("test_")]
MARKS = {"passed": "yes", "skipped": "-", "failed": "NO", "error": "NO"}


def rows_of(reports: Iterable[TestReport]) -> list[list[str]]:
    """The table, with a header: a row for each property, a column for each connector; "-" where it does not apply."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for report in reports:
        *_, of, test = report.nodeid.split("::")
        name, _, parameter = test.partition("[")
        if name in PROPERTIES:
            connector = f"{of.removeprefix('Test')} {parameter.rstrip(']')}".strip()
            found[connector][name] = MARKS[report.outcome]
    header = ["", *found]
    return [header] + [
        [name.removeprefix("test_").replace("_", " "), *(found[connector].get(name, "") for connector in found)]
        for name in PROPERTIES
    ]


def print_table(terminal: TerminalReporter) -> None:
    """Print the table, if the suite has been run."""
    stats = [report for outcome in MARKS for report in terminal.stats.get(outcome, ())]
    rows = rows_of(report for report in stats if isinstance(report, TestReport))
    if len(rows[0]) == 1:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    terminal.write_sep("=", "conformance of connectors")
    for row in rows:
        terminal.write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
