"""A deterministic source: what a sync reads follows from its number."""

import os
import signal
import time
from dataclasses import dataclass
from random import Random
from uuid import UUID

from syncs.connectors.protocol import ApplicationEntry, Connector, ConnectorError, Rows, Source
from tests.chaos import gates

KEYS = 40
BLOCK = 8
# How long a long one reads, in seconds: two leases, so that it ends only if its lease is renewed.
LONG = 6.0


@dataclass(frozen=True)
class Plan:
    """What the sync of a number is to read, how slowly, and how that ends."""

    number: int

    def _random(self, purpose: str) -> Random:
        return Random(f"{purpose} {self.number}")

    @property
    def behaviour(self) -> str:
        """good, long, held, flaky, refusing, deadly or hanging."""
        behaviours = {3: "long", 5: "deadly", 8: "held", 10: "hanging", 15: "refusing", 20: "flaky"}
        return behaviours.get(self.number % 25, "good")

    @property
    def full(self) -> bool:
        return self._random("full").random() < 0.2

    @property
    def pause(self) -> float:
        """After each block."""
        if self.behaviour != "long":
            return self._random("pause").choice((0, 0.01, 0.05))
        return LONG / sum(-(-len(records) // BLOCK) for records in self.records().values())

    def records(self, claim: int = 0) -> dict[str, dict[str, str]]:
        """The value of each record by its key, for each kind; one company says which claim of the sync read it."""
        random = self._random("records")
        # One that is held has all the keys, the others have not, so that it inserts some.
        count = KEYS if self.behaviour == "held" else random.randint(8, KEYS - 1)
        chosen = sorted(random.sample(range(KEYS), count))
        value = self.number % 3 + 1
        return {
            "Company": {"claim": f"{self.number}, {claim}"} | {f"C{key}": f"Name {key} {value}" for key in chosen},
            "Invoice": {f"I{key}": str(value) for key in chosen if key % 2 or value == 1},
        }


class Books:
    """The simple model: what an enrollment's books hold after some syncs, and what each sync counted."""

    def __init__(self):
        self.records = {"Company": {}, "Invoice": {}}

    def load(self, plan: Plan, claim: int = 0) -> dict[str, tuple[int, int, int, int]]:
        """Inserted, updated, unchanged and deleted as missing, for each kind of which there were lines."""
        counts = {}
        for kind, read in plan.records(claim).items():
            if not read:
                continue
            held = self.records[kind]
            inserted = len(read.keys() - held.keys())
            unchanged = sum(held.get(key) == value for key, value in read.items())
            missing = held.keys() - read.keys() if plan.full else set()
            counts[kind] = (inserted, len(read) - inserted - unchanged, unchanged, len(missing))
            self.records[kind] = {key: value for key, value in held.items() if key not in missing} | read
        return counts


class ChaosSource(Connector):
    """Reads what the plan of the number says that the upload holds."""

    application = ApplicationEntry(
        app_id=UUID("00000000-0000-4000-8000-0000000000c4"),
        connector="chaos",
        name="Chaos",
        description="For tests.",
        app_type="Test",
    )

    def rows(self, source: Source):
        plan = Plan(int(source.content.read()))
        # It shows afterwards which claim loaded the rows.
        claim, process = int(source.settings["claim"]), int(source.settings["process"])
        with open(os.environ["CHAOS_ATTEMPTS"], "a") as log:
            log.write(f"{time.time()} {process} {plan.number}\n")
        records = plan.records(claim)
        for number, (kind, columns, lines) in enumerate(
            (
                ("Company", ("erpKey", "companyName", "companyType", "isActive"), companies(records["Company"])),
                (
                    "Invoice",
                    ("erpKey", "companyErpKey", "customerErpKey", "totalAmount", "currencyRate"),
                    invoices(records["Invoice"]),
                ),
            )
        ):
            for at in range(0, len(lines), BLOCK):
                block = lines[at : at + BLOCK]
                yield Rows(
                    kind, f"{kind}.csv", columns, block, list(range(at + 2, at + 2 + len(block))), [""] * len(block)
                )
                time.sleep(plan.pause)
            if number == 0:
                behave(plan, claim, process)


def behave(plan: Plan, claim: int, process: int) -> None:
    if plan.behaviour == "held":
        gates.wait(plan.number, claim, process)
    if plan.behaviour == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if plan.behaviour == "hanging":
        time.sleep(3600)
    if plan.behaviour == "refusing":
        raise ConnectorError("The source refuses the password.")
    if plan.behaviour == "flaky" and time.time_ns() % 2:
        raise ConnectorError("The source is busy.", transient=True, retry_after=0.2)


def companies(records):
    return [(key, name, "Customer", "true") for key, name in records.items()]


def invoices(records):
    return [(key, f"C{key[1:]}", f"C{key[1:]}", amount, "1") for key, amount in records.items()]
