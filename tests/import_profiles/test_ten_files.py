"""Ten files as programs export them, from the first upload to the next month's: each stands for its kind.

Nothing is loaded before the questions are answered. Then the records are those expected, the same file again changes
nothing, nor does one with its columns in another order, and one that contradicts its profile is refused as a whole.
"""

import csv
import io
from dataclasses import dataclass, field

import pytest
from openpyxl import Workbook

from syncs.import_profiles.document_writer import to_json
from syncs.import_profiles.proposal import complete
from syncs.services.inspection import inspected_files
from tests.import_profiles import exports as samples
from tests.import_profiles.loading import ProfiledUploads

pytestmark = pytest.mark.django_db


@dataclass
class Sample:
    """A file, the companies that are in the books before, and what comes of it.

    `records` has by kind the fields looked at and the records by key; `contradiction` is a text of the file and what
    stands there instead in one that does not fit.
    """

    content: str | bytes
    records: dict[str, tuple[tuple[str, ...], dict[str, list]]]
    contradiction: tuple[str, str]
    companies: tuple[tuple[str, str], ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    delimiter: str = ";"
    encoding: str = "utf-8"
    header: int = 1
    sheet: str = ""

    @property
    def text(self) -> str:
        return self.content if isinstance(self.content, str) else self.content.decode(self.encoding)

    def file(self, text: str) -> bytes:
        """The text as a file of this kind: as CSV, or as a sheet of a workbook."""
        if not self.sheet:
            return text.encode(self.encoding)
        book, packed = Workbook(), io.BytesIO()
        book.active.title = self.sheet
        for row in self.rows(text):
            book.active.append([int(cell) if cell.isdigit() and len(cell) == 5 else cell for cell in row])
        book.save(packed)
        return packed.getvalue()

    def rows(self, text: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(text), delimiter=self.delimiter))

    def reordered(self) -> str:
        """The same with its columns the other way round, and one column more."""
        written = io.StringIO()
        writer = csv.writer(written, delimiter=self.delimiter)
        for at, row in enumerate(self.rows(self.text), start=1):
            writer.writerow(row if at < self.header else [*row[::-1], "Neu" if at == self.header else "x"])
        return written.getvalue()

    @property
    def name(self) -> str:
        return "export.xlsx" if self.sheet else "export.csv"


INVOICE = ("customerErpKey", "invoiceTypeCode", "invoiceDate", "totalAmount")
SAMPLES = {
    "accounts from DATEV": Sample(
        samples.DATEV,
        {
            "Company": (
                ("companyName", "companyType", "city"),
                {
                    "11200": ["Gärtnerei Süß", "Customer", "Köln"],
                    "11201": ["Aylin Öztürk", "Customer", "Hamburg"],
                    "70500": ["Stadtwerke", "Vendor", "Stuttgart"],
                },
            )
        },
        ("Postleitzahl", "PLZ-Feld"),
        encoding="cp1252",
        header=2,
    ),
    "German invoices": Sample(
        samples.GERMAN,
        {
            "Invoice": (
                INVOICE,
                {
                    "4711": ["K1", "AR Invoice", "2025-02-28", "2380"],
                    "4712": ["K2", "AR Invoice", "2025-03-01", "12.5"],
                    "4713": ["K1", "AR Credit Memo", "2025-03-02", "119"],
                },
            )
        },
        ("01.03.2025", "03/01/2025"),
        companies=(("K1", "Alpha GmbH"), ("K2", "Beta KG")),
    ),
    "lines of invoices": Sample(
        samples.LINES,
        {
            "Invoice": (
                INVOICE,
                {
                    "900": ["H", "AR Invoice", "2025-05-20", "10209.45"],
                    "901": ["Q", "AR Invoice", "2025-05-21", "15"],
                },
            ),
            "InvoiceLine": (
                ("lineNumber", "quantity", "totalAmount"),
                {"900-1": ["1", "10", "10200"], "900-2": ["2", "4", "9.45"], "901-1": ["1", "1", "15"]},
            ),
        },
        ("10,200.00", "10.200,00"),
        companies=(("H", "Harbor Cafe"), ("Q", "Quay Books")),
        delimiter=",",
    ),
    "companies with people": Sample(
        samples.CONTACTS,
        {
            "Company": (
                ("companyName", "companyType", "postalCode"),
                {
                    "ELM1": ["Elm Bakery", "Customer", "LS1 1AA"],
                    "Fir Motors": ["Fir Motors", "Customer", "YO1 1AA"],
                },
            ),
            "Contact": (("companyErpKey", "contactName"), {"ELM1|Moss": ["ELM1", "Ann Moss"]}),
        },
        ("POCity", "Town"),
        delimiter=",",
        sheet="Contacts",
    ),
    "French invoices": Sample(
        samples.FRENCH,
        {
            "Invoice": (
                INVOICE,
                {
                    "F1": ["C1", "AR Invoice", "2024-06-17", "3600"],
                    "F2": ["C2", "AR Invoice", "2024-07-02", "12000.6"],
                    "F3": ["C1", "AR Invoice", "2024-07-04", "60"],
                },
            )
        },
        ("17/06/2024", "06/17/2024"),
        companies=(("C1", "Un"), ("C2", "Deux")),
    ),
    "Swiss invoices": Sample(
        samples.SWISS,
        {
            "Invoice": (
                (*INVOICE, "currencyRate"),
                {
                    "1": ["7", "AR Invoice", "2025-09-05", "2160.5", "1"],
                    "2": ["8", "AR Invoice", "2025-09-06", "43200", "1"],
                    "3": ["7", "AR Invoice", "2025-09-30", "100", "0.94"],
                },
            )
        },
        ("2'160.50", "2.160,50"),
        companies=(("7", "Sieben AG"), ("8", "Acht AG")),
        delimiter="\t",
    ),
    "a report of open invoices": Sample(
        samples.REPORT,
        {
            "Invoice": (
                (*INVOICE, "invoiceStatusCode"),
                {
                    "31": ["I", "AR Invoice", "2025-05-30", "2500", "Open"],
                    "CM1": ["I", "AR Credit Memo", "2025-06-02", "40", "Open"],
                    "32": ["T", "AR Invoice", "2025-06-13", "200.25", "Open"],
                },
            )
        },
        ("05/30/2025", "30/05/2025"),
        companies=(("I", "Iris Florist"), ("T", "Total Care Clinic")),
        delimiter=",",
        header=5,
    ),
    "names in two rows": Sample(
        # A name that holds for several columns is repeated.
        samples.TWO_ROWS.replace(";;;Kunde;;Betrag;;", ";Rechnung;Rechnung;Kunde;Kunde;Betrag;Betrag;Betrag"),
        {
            "Invoice": (
                (*INVOICE, "paymentDueDate"),
                {
                    "B1": ["K5", "AR Invoice", "2025-03-31", "119", "2025-04-25"],
                    "B2": ["K6", "AR Invoice", "2025-04-01", "238", "2025-04-26"],
                },
            )
        },
        ("31.03.2025", "03/31/2025"),
        companies=(("K5", "Ceta AG"), ("K6", "Delta AG")),
        sheet="Liste",
    ),
    "money in and out": Sample(
        samples.BANK,
        {
            "Payment": (
                ("companyErpKey", "paymentType", "paymentDate", "paymentAmount", "unappliedAmount"),
                {
                    "R1": ["O", "AR Payment", "2025-05-21", "2000", "2000"],
                    "R2": ["P", "AP Payment", "2025-05-22", "150.5", "150.5"],
                    "R3": ["A", "AR Payment", "2025-06-03", "50", "50"],
                },
            )
        },
        ("22/05/2025", "05/22/2025"),
        companies=(("O", "Oak Ltd"), ("P", "Power Co"), ("A", "Ash Ltd")),
        delimiter=",",
    ),
    "several kinds and open dates": Sample(
        samples.MIXED,
        {
            "Invoice": (
                INVOICE,
                {
                    "S1": ["K1", "AR Invoice", "2025-03-02", "2000"],
                    "S2": ["K2", "AR Credit Memo", "2025-03-05", "80"],
                },
            ),
            "Payment": (
                ("companyErpKey", "paymentDate", "paymentAmount", "unappliedAmount", "isOpen"),
                {
                    "P1": ["K1", "2025-03-04", "300", "0", False],
                    "P2": ["K2", "2025-07-06", "200", "25", True],
                },
            ),
        },
        ("06/07/2025", "06/17/2025"),
        companies=(("K1", "Eins"), ("K2", "Zwei")),
        answers={"dates:Date": "DD/MM/YYYY"},
        delimiter=",",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_file_is_asked_about_loaded_and_known_again(kind):
    sample = SAMPLES[kind]
    uploads = ProfiledUploads()
    uploads.companies(*sample.companies)
    before = set(uploads.records("Company"))
    content = sample.file(sample.text)

    refused = uploads.load(content, sample.name)
    assert (refused.status_code, refused.failure_code) == ("Failed", "profile_needed")

    (found,) = inspected_files(uploads.account, uploads.enrollment, io.BytesIO(content), file_name=sample.name)
    assert {question.id for question in found.file.open_questions} == set(sample.answers)
    uploads.save(to_json(complete(found.proposal, sample.answers)))
    assert uploads.load(content, sample.name).status_code == "Success"
    check_records(uploads, sample, before)

    for later in (content, sample.file(sample.reordered())):
        again = uploads.load(later, f"next-{sample.name}")
        assert again.process_result_message.startswith("Nothing new: "), again.process_result_message

    old, new = sample.contradiction
    assert old in sample.text
    other = uploads.load(sample.file(sample.text.replace(old, new)), f"other-{sample.name}")
    assert (other.status_code, other.failure_code) == ("Failed", "profile_contradicted")
    check_records(uploads, sample, before)


def check_records(uploads, sample, before):
    for kind, (names, expected) in sample.records.items():
        found = uploads.records(kind, *names)
        assert {key: values for key, values in found.items() if kind != "Company" or key not in before} == expected
