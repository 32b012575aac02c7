"""Common to the pages of reports: the table of figures, and the one company that they may be about."""

from typing import Any
from uuid import UUID

from django.http import Http404

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.records.models import Company
from syncs.inbox.report_forms import ReportForm
from syncs.inbox.report_sheets import Sheet

# The most rows of companies on a page; files have all.
MOST_ROWS = 1_000


class ReportMixin(TenantMixin):
    """A page with figures of the account, perhaps of one company."""

    def check_company(self, given: dict[str, Any]) -> None:
        """Raise Http404 where the company that is asked for is not the account's."""
        company: UUID | None = given.get("company")
        if company and not Company.objects.of(self.account.pk).filter(pk=company).exists():
            raise Http404

    def company_name(self, form: ReportForm) -> str:
        """The name of the company that a report is about, if it is about one."""
        company: UUID | None = getattr(form, "cleaned_data", {}).get("company")
        found = Company.objects.of(self.account.pk).filter(pk=company).first() if company else None
        return found.company_name or found.erp_key if found else ""


def table_of(sheet: Sheet) -> dict[str, object]:
    """What the table shows: of very many rows the first ones, and the last, which is the sum."""
    rows = sheet.rows if len(sheet.rows) <= MOST_ROWS else [*sheet.rows[: MOST_ROWS - 1], sheet.rows[-1]]
    texts = [any(row.cells[at].is_text for row in rows) for at in range(len(sheet.headings))]
    return {
        "sheet": sheet,
        "headings": list(zip(sheet.headings, texts, strict=True)),
        "rows": [(row, list(zip(sheet.headings, row.cells, strict=True))) for row in rows],
        "left_out": max(len(sheet.rows) - MOST_ROWS, 0),
    }
