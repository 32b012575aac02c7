"""Pages of the Inbox about enrollments: the home page, one enrollment, the catalogue."""

from typing import Any

from django.conf import settings as product
from django.contrib import messages
from django.db.models import OuterRef, Prefetch, Subquery, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from adsplatform.accounts.inbox_mixins import ADMINS, AskFormMixin, ButtonView, FormPageMixin, TenantMixin
from enrollments import services
from enrollments.forms import AccountForm, CredentialsForm, EnrollForm, EnrollmentForm
from enrollments.models import AppEnrollment, Application
from enrollments.schedules import next_runs
from syncs.models import SyncRequest
from syncs.models.notices import Notice
from syncs.presentation.sync_summary import SyncSummary, with_summary_columns

LAST_SYNCS = 10


def listed(account):
    """The account's enrollments by name, each with its last sync's id and the time its data are of."""
    of_this = SyncRequest.objects.real().filter(app_enrollment=OuterRef("pk")).newest_first()
    return (
        AppEnrollment.objects.of(account)
        .current()
        .select_related("app", "group_key", "sync_plan")
        .prefetch_related(Prefetch("notices", Notice.objects.open().order_by("opened"), to_attr="open_notices"))
        .annotate(
            last_sync_id=Subquery(of_this.values("pk")[:1]),
            data_as_of=Subquery(of_this.filter(status_code=SyncRequest.Status.SUCCESS).values("finished")[:1]),
        )
        .order_by(Lower(Coalesce(NullIf("name", Value("")), "app__name")), "pk")
    )


class Home(TenantMixin, TemplateView):
    """The account's enrollments: how fresh their data are, how the last sync went."""

    template_name = "inbox/home.html"

    def get_context_data(self, **context):
        enrollments = list(listed(self.account))
        last = with_summary_columns(SyncRequest.objects.of(self.account)).in_bulk(
            [enrollment.last_sync_id for enrollment in enrollments if enrollment.last_sync_id]
        )
        rows = []
        for enrollment in enrollments:
            last_sync = last.get(enrollment.last_sync_id)
            rows.append(
                {
                    "enrollment": enrollment,
                    "has_connector": enrollment.app.is_asked,
                    "last_sync": SyncSummary.of(last_sync) if last_sync else None,
                }
            )
        return super().get_context_data(rows=rows, **context)


class Enrollment(TenantMixin, AskFormMixin, FormView):
    """One enrollment: its last syncs, its settings, and the form by which admins change them."""

    template_name = "inbox/enrollment.html"
    form_class = EnrollmentForm
    form_fields = {"cronSettings": "cron_settings", "expectedEveryHours": "expected_every_hours"}
    roles = ADMINS

    @cached_property
    def enrollment(self):
        return get_object_or_404(listed(self.account), pk=self.kwargs["pk"])

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "has_schedule": self.enrollment.app.is_asked,
            "time_zone": self.account.time_zone,
        }

    def get_initial(self):
        return {name: getattr(self.enrollment, name) for name in EnrollmentForm.base_fields}

    def ask(self, form):
        changes = form.cleaned_data
        if "cron_settings" in changes:
            changes["cron_settings"] = changes["cron_settings"] or None
        services.change_enrollment(self.enrollment, self.request.user, **changes)
        messages.success(self.request, "The settings are saved.")
        return redirect("inbox:enrollment", self.enrollment.pk)

    def get_context_data(self, **context):
        enrollment = self.enrollment
        syncs = with_summary_columns(enrollment.sync_requests.newest_first())[: LAST_SYNCS + 1]
        summaries = [SyncSummary.of(sync) for sync in syncs]
        return super().get_context_data(
            enrollment=enrollment,
            has_connector=enrollment.app.is_asked,
            settings=services.settings_of(enrollment),
            takes_credentials=bool(services.credentials_declared_by(enrollment.app)),
            summaries=summaries[:LAST_SYNCS],
            has_more=len(summaries) > LAST_SYNCS,
            next_runs=next_runs(enrollment),
            spread=product.SCHEDULE_SPREAD_SECONDS,
            **context,
        )


class Switch(ButtonView):
    """Switches an enrollment on or off."""

    roles = ADMINS

    def get_subject(self, pk):
        enrollments = AppEnrollment.objects.of(self.account).current()
        return get_object_or_404(enrollments.select_related("app"), pk=pk)

    def press(self, enrollment):
        wanted = self.request.POST.get("is_active") == "true"
        services.change_enrollment(enrollment, self.request.user, is_active=wanted)
        messages.success(self.request, f"{enrollment} is switched {'on' if wanted else 'off'}.")
        return self.page_of(enrollment)

    def page_of(self, enrollment):
        return reverse("inbox:enrollment", args=[enrollment.pk])


class Catalogue(TenantMixin, TemplateView):
    """The applications that can be enrolled."""

    template_name = "inbox/catalogue.html"

    def get_context_data(self, **context):
        apps = Application.objects.filter(is_active=True).order_by("app_type", "name")
        return super().get_context_data(apps=apps, **context)


class Enroll(FormPageMixin, AskFormMixin, FormView):
    """Enrols the account in one application."""

    template_name = "inbox/enroll.html"
    form_class = EnrollForm
    roles = ADMINS

    @cached_property
    def app(self):
        return get_object_or_404(Application, is_active=True, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        entry = services.declaration_of(self.app)
        declared = {"settings": entry.settings, "declared": entry.credentials} if entry else {}
        return super().get_form_kwargs() | declared

    def ask(self, form: EnrollForm) -> HttpResponse:
        enrollment = services.enroll(
            self.account,
            self.app,
            self.request.user,
            name=form.cleaned_data["name"],
            settings=form.settings,
            credentials=form.credentials,
        )
        messages.success(self.request, f"{enrollment} is enrolled.")
        return redirect("inbox:enrollment", enrollment.pk)

    def get_context_data(self, **context):
        return super().get_context_data(app=self.app, **context)


class Reconnect(FormPageMixin, AskFormMixin, FormView):
    """Replaces the credentials of an enrollment."""

    template_name = "inbox/credentials.html"
    form_class = CredentialsForm
    roles = ADMINS

    @cached_property
    def enrollment(self) -> AppEnrollment:
        enrollments = AppEnrollment.objects.of(self.account).current().select_related("app")
        return get_object_or_404(enrollments, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        declared = services.credentials_declared_by(self.enrollment.app)
        return super().get_form_kwargs() | {"declared": declared, "replaces": True}

    def ask(self, form: CredentialsForm) -> HttpResponse:
        services.reconnect(self.enrollment, self.request.user, form.credentials)
        messages.success(self.request, f"{self.enrollment} is connected with these credentials from now on.")
        return redirect("inbox:enrollment", self.enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(enrollment=self.enrollment, **context)


class AccountSettings(FormPageMixin, AskFormMixin, FormView):
    """The settings of the whole account."""

    template_name = "inbox/account_settings.html"
    form_class = AccountForm
    form_fields = {"timeZone": "time_zone"}
    roles = ADMINS

    def get_initial(self):
        return {"time_zone": self.account.time_zone}

    def ask(self, form):
        services.change_time_zone(self.account, form.cleaned_data["time_zone"])
        messages.success(self.request, f"Schedules are read on the clocks of {self.account.time_zone} from now on.")
        return redirect("inbox:account-settings")


urlpatterns = [
    path("account/settings/", AccountSettings.as_view(), name="account-settings"),
    path("", Home.as_view(), name="home"),
    path("enroll/", Catalogue.as_view(), name="enroll"),
    path("enroll/<uuid:pk>/", Enroll.as_view(), name="enroll-in"),
    path("enrollments/<uuid:pk>/", Enrollment.as_view(), name="enrollment"),
    path("enrollments/<uuid:pk>/credentials/", Reconnect.as_view(), name="credentials"),
    path("enrollments/<uuid:pk>/switch/", Switch.as_view(), name="switch"),
]
