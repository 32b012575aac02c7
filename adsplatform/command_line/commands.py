"""What each command of `ads` does; each returns the exit status."""

import sys
import time
from argparse import Namespace

from adsplatform.command_line.client import Client, Refused, Row
from adsplatform.command_line.exits import Exit
from adsplatform.command_line.files import packed
from adsplatform.command_line.names import known_name
from adsplatform.command_line.output import print_document, print_rows, progress

SYNC_COLUMNS = ("syncRequestId", "created", "statusCode", "operationTypeName", "failureCount", "processResultMessage")
PROBLEM_COLUMNS = ("file", "line", "column", "value", "entity", "erpKey", "kind", "code", "message")
COUNT_COLUMNS = ("entity", "insertCount", "updateCount", "deleteCount", "skipCount", "errorCount")
ENDED = frozenset(("Success", "Failed", "Cancelled"))
# Seconds between two looks at a sync: at first short, so that a small one does not wait.
FIRST_LOOK, LAST_LOOK, GROWTH = 0.2, 5.0, 1.5


class NotFinished(Exception):
    """The sync did not end in the time that was given."""


class UnusableParameter(Exception):
    """A parameter of a report that cannot be understood."""


def sync(client: Client, options: Namespace) -> Exit:
    """Send the files and, asked to, wait for the end of the sync."""
    wanted = {"isFullSync": options.full, "dryRun": options.preview}
    parameters = {name: "true" for name, is_wanted in wanted.items() if is_wanted}
    if options.enrollment:
        parameters["appEnrollmentId"] = options.enrollment
    with packed(options.files) as file, progress() as bar:
        task = bar.add_task(f"Sending {file.name}", total=file.path.stat().st_size)
        place = client.upload(file.path, file.name, lambda sent: bar.update(task, completed=sent))
    try:
        requested = client.load(place, parameters)
    except Refused:
        client.forget(place)
        raise
    id = requested["syncRequestId"]
    if not options.wait:
        print(id)
        return Exit.DONE
    return _tell(_wait_for(client, id, options.timeout))


def syncs(client: Client, options: Namespace) -> Exit:
    """List syncs, the latest first."""
    parameters = {"filter": options.filter} if options.filter else {}
    columns = () if options.form == "json" else SYNC_COLUMNS
    print_rows(client.rows("Sync/query", parameters, options.limit), options.form, columns, "There is no such sync.")
    return Exit.DONE


def problems(client: Client, options: Namespace) -> Exit:
    """List the problems of a sync by file and line."""
    rows = client.rows(f"Sync/{options.sync}/details/query", {})
    print_rows(rows, options.form, PROBLEM_COLUMNS, "This sync has no problems.")
    return Exit.DONE


def query(client: Client, options: Namespace) -> Exit:
    """Print the records that a filter finds."""
    named = {"filter": options.filter, "order": options.order, "include": options.include}
    parameters = {name: value for name, value in named.items() if value}
    columns = [name.strip() for name in options.columns.split(",") if name.strip()]
    with known_name(client, options.kind, of="list that can be queried", path="/api/v1/([^/]+)/query"):
        print_rows(client.rows(f"{options.kind}/query", parameters, options.limit), options.form, columns)
    return Exit.DONE


def report(client: Client, options: Namespace) -> Exit:
    """Print a report."""
    pairs = [given.partition("=") for given in options.parameters]
    if wrong := [name for name, sign, _ in pairs if not sign]:
        raise UnusableParameter(f"“{wrong[0]}” is no parameter: write {wrong[0]}=VALUE.")
    with known_name(client, options.name, of="report", path="/api/v1/Reports/(.+)"):
        document = client.get(f"Reports/{options.name}", {name: value for name, _, value in pairs})
    print_document(document, options.form)
    return Exit.DONE


def _wait_for(client: Client, id: str, seconds: float) -> Row:
    """The sync once it has ended."""
    deadline, pause = time.monotonic() + seconds, FIRST_LOOK
    while True:
        found: Row = client.get(f"Sync/{id}", {"include": "Details"})
        if found["statusCode"] in ENDED:
            return found
        if time.monotonic() + pause > deadline:
            raise NotFinished(
                f"The sync {id} has not ended after {seconds:g} seconds; it goes on. “ads syncs” says how far it is."
            )
        time.sleep(pause)
        pause = min(pause * GROWTH, LAST_LOOK)


def _tell(ended: Row) -> Exit:
    """Say what happened: the counts of each kind of record, then the sentence of the result."""
    counts = [{"entity": entity, **of} for entity, of in (ended.get("details") or {}).items()]
    if counts:
        print_rows(counts, "table", COUNT_COLUMNS)
    has_errors = any(of["errorCount"] for of in counts)
    is_partial = has_errors and ended["statusCode"] == "Success"
    outcome = "Finished with problems" if is_partial else ended["statusCode"]
    print(f"{outcome}: {ended['processResultMessage']}\nSync {ended['syncRequestId']}")
    if has_errors:
        print(f"The rejected lines and why: ads problems {ended['syncRequestId']}", file=sys.stderr)
    if ended["statusCode"] != "Success":
        return Exit.FAILED
    return Exit.REJECTED if has_errors else Exit.DONE
