"""What the Inbox's reports ask for."""

from typing import Any

from django import forms

from adsplatform.accounts.inbox_mixins import TenantRequest
from adsplatform.admin_lists.day_filters import DayInput
from adsplatform.records.models import FinancialAccount
from adsplatform.reports import cash_flow
from adsplatform.reports.parameters import EARLIEST, LATEST, today
from adsplatform.reports.sides import Side
from enrollments.models import AppEnrollment
from syncs.inbox.filters import enrollments_of

SIDES = [(Side.AR.value, "Receivables"), (Side.AP.value, "Payables")]
COLUMNS = [("", "One"), ("By Period", "Months"), ("Quarterly", "Quarters"), ("Annually", "Years")]
COMPARISONS = [("", "Nothing"), ("PP", "The days before"), ("PY", "The year before")]
DEPTHS = [("3", "Accounts"), ("2", "Subcategories"), ("1", "Categories")]


class DayField(forms.DateField):
    """A day within the calendar that reports can compute with."""

    widget = DayInput

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(f"Choose a day from {EARLIEST} to {LATEST}.")
        return day


class ReportForm(forms.Form):
    """What a report is of; every field has a value before anything is asked."""

    def __init__(self, request: TenantRequest) -> None:
        asked = {name: text for name, text in request.GET.dict().items() if name in self.base_fields}
        super().__init__(self.defaults(request) | asked)

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        raise NotImplementedError


class DayForm(ReportForm):
    """A report of a day."""

    day = DayField(label="Day (UTC)")

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        return {"day": today()}


class AgingForm(DayForm):
    """Aging of a side, perhaps of one company."""

    side = forms.ChoiceField(label="Side", choices=SIDES)
    unapplied = forms.BooleanField(label="Unapplied payments", required=False)
    company = forms.UUIDField(widget=forms.HiddenInput, required=False)
    bucket = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=4)
    field_order = ["side", "day", "unapplied"]

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        return super().defaults(request) | {"side": Side.AR.value}


class CashFlowForm(DayForm):
    """So many days up to one."""

    days = forms.IntegerField(label="Number of days", min_value=1, max_value=cash_flow.MOST_DAYS)
    field_order = ["days", "day"]

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        return super().defaults(request) | {"days": cash_flow.DAYS}


class LedgerForm(ReportForm):
    """Some days of the ledger of an enrollment."""

    enrollment = forms.ModelChoiceField(label="Enrollment", queryset=AppEnrollment.objects.none(), empty_label=None)
    start = DayField(label="From day (UTC)")
    end = DayField(label="To day (UTC)")

    def __init__(self, request: TenantRequest) -> None:
        super().__init__(request)
        field = self.fields["enrollment"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = enrollments_of(request)

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        account, now = request.tenant.account, today()
        with_ledger = (
            FinancialAccount.objects.of(account.pk).order_by("-id").values_list("app_enrollment_id", flat=True)
        )
        first = with_ledger.first() or enrollments_of(request).values_list("pk", flat=True).first()
        return {"enrollment": first, "start": now.replace(month=1, day=1), "end": now}


class StatementForm(LedgerForm):
    """The same in columns, beside other days, and as deep as wanted."""

    columns = forms.ChoiceField(label="Columns", choices=COLUMNS, required=False)
    comparison = forms.ChoiceField(label="Compare with", choices=COMPARISONS, required=False)
    depth = forms.ChoiceField(label="Down to", choices=DEPTHS)

    def defaults(self, request: TenantRequest) -> dict[str, Any]:
        return super().defaults(request) | {"depth": "3"}
