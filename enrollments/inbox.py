"""Pages of the Inbox about enrollments: the home page, one enrollment, its credentials."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from uuid import UUID

from django.conf import settings as product
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from adsplatform.accounts.inbox_mixins import ADMINS, AskFormMixin, ButtonView, FormPageMixin, TenantMixin
from adsplatform.accounts.models import Account
from adsplatform.rest.long_work import LongWork
from enrollments import connection_inbox, connections, enrolling_inbox, removal_inbox, services, sources
from enrollments.connection_inbox import way_to_vendor
from enrollments.field_forms import settings_in_words
from enrollments.forms import SCHEDULES, AccountForm, CredentialsForm, EnrollmentForm, ScheduleForm, schedule_initial
from enrollments.models import AppEnrollment
from enrollments.schedules import next_runs
from enrollments.source_inbox import SourceSettings
from syncs.models import SyncRequest
from syncs.models.notices import Notice
from syncs.presentation.open_lines import open_lines
from syncs.presentation.sync_summary import SyncSummary, with_summary_columns
from syncs.services import source_states, unanswered
from syncs.services.import_profiles import current_profiles
from syncs.services.quotas import quotas_of

LAST_SYNCS = 10

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class FreshnessColumns(TypedDict):
    last_sync_id: UUID | None
    data_as_of: datetime | None


class EnrollmentState(NamedTuple):
    """An enrollment, how fresh its data are, and what is wrong with it."""

    enrollment: AppEnrollment
    last_sync_id: UUID | None
    # When its last successful sync finished.
    data_as_of: datetime | None
    open_notices: list[Notice]


def enrollment_states(account: Account, **narrowed: UUID) -> list[EnrollmentState]:
    """The account's enrollments, by name; `narrowed` are lookups that select some of them."""
    real = SyncRequest.objects.real()
    successful = real.filter(status_code=SyncRequest.Status.SUCCESS)
    rows: QuerySet[AppEnrollment] = AppEnrollment.objects.of(account).current().filter(**narrowed)
    enrollments: QuerySet[WithAnnotations[AppEnrollment, FreshnessColumns]] = (
        rows.select_related("app", "group_key", "sync_plan")
        .annotate(
            last_sync_id=Subquery(real.last_of(OuterRef("pk")).values("pk")),
            data_as_of=Subquery(successful.last_of(OuterRef("pk")).values("finished")),
        )
        .order_by(Lower(Coalesce(NullIf("name", Value("")), "app__name")), "pk")
    )
    notices: dict[UUID, list[Notice]] = {enrollment.pk: [] for enrollment in enrollments}
    for notice in Notice.objects.of(account).open().filter(app_enrollment__in=list(notices)).order_by("opened"):
        notices[notice.app_enrollment_id].append(notice)
    return [
        EnrollmentState(enrollment, enrollment.last_sync_id, enrollment.data_as_of, notices[enrollment.pk])
        for enrollment in enrollments
    ]


class Home(TenantMixin, TemplateView):
    """The account's enrollments: how fresh their data are, how the last sync went."""

    template_name = "inbox/home.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        states = enrollment_states(self.account)
        last_syncs = with_summary_columns(SyncRequest.objects.of(self.account)).in_bulk(
            [state.last_sync_id for state in states if state.last_sync_id]
        )
        # A sync may have been removed since the states were read.
        left_open = open_lines(self.account, [state.enrollment.pk for state in states], but=last_syncs)
        rows = [
            {
                "state": state,
                "last_sync": SyncSummary.of(last_sync) if last_sync else None,
                "open_lines": left_open.get(state.enrollment.pk, ()),
            }
            for state in states
            for last_sync in [state.last_sync_id and last_syncs.get(state.last_sync_id)]
        ]
        is_busy = any(not sync.is_finished for sync in last_syncs.values())
        return super().get_context_data(rows=rows, is_busy=is_busy, **context)


class Enrollment(TenantMixin, AskFormMixin[EnrollmentForm], FormView):
    """One enrollment: its last syncs, its settings, and the form by which admins change them."""

    template_name = "inbox/enrollment.html"
    form_class = EnrollmentForm
    form_fields = {"cronSettings": "cron_settings", "expectedEveryHours": "expected_every_hours"}
    roles = ADMINS

    @cached_property
    def state(self) -> EnrollmentState:
        for state in enrollment_states(self.account, pk=self.kwargs["pk"]):
            return state
        raise Http404

    @property
    def enrollment(self) -> AppEnrollment:
        return self.state.enrollment

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "has_schedule": self.enrollment.app.fetches_data,
            "time_zone": self.account.time_zone,
        }

    def get_initial(self) -> dict[str, Any]:
        names = EnrollmentForm.base_fields.keys() - ScheduleForm.base_fields.keys()
        values = {name: getattr(self.enrollment, name) for name in names}
        return values | schedule_initial(self.enrollment.cron_settings)

    def ask(self, form: EnrollmentForm) -> HttpResponse:
        services.change_enrollment(self.enrollment, self.request.user, **form.changes)
        messages.success(self.request, "The settings are saved.")
        return redirect("inbox:enrollment", self.enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        enrollment = self.enrollment
        syncs = with_summary_columns(enrollment.sync_requests.newest_first())[: LAST_SYNCS + 1]
        summaries = [SyncSummary.of(sync) for sync in syncs]
        return super().get_context_data(
            enrollment=enrollment,
            data_as_of=self.state.data_as_of,
            notices=self.state.open_notices,
            settings=settings_in_words(enrollment),
            source_states=source_states.states_of(enrollment) if enrollment.app.fetches_data else (),
            last_reading=source_states.last_reading_of(enrollment) if enrollment.app.fetches_data else None,
            budgets=source_states.budgets_of(enrollment),
            takes_credentials=bool(sources.credentials_declared_by(enrollment.app)),
            connection=connections.connection_of(enrollment),
            summaries=summaries[:LAST_SYNCS],
            open_lines=open_lines(self.account, [enrollment.pk]).get(enrollment.pk, ()),
            has_more=len(summaries) > LAST_SYNCS,
            schedule=dict(SCHEDULES).get(enrollment.cron_settings or "", ""),
            next_runs=next_runs(enrollment),
            profiles=current_profiles(enrollment),
            has_own_names=sources.has_own_names(enrollment.app),
            waiting_uploads=unanswered.waiting_uploads(enrollment),
            spread=product.SCHEDULE_SPREAD_SECONDS,
            **context,
        )


class EnrollmentButton(ButtonView[AppEnrollment]):
    """A button on an enrollment's page."""

    roles = ADMINS

    def get_subject(self, pk: UUID) -> AppEnrollment:
        enrollments = AppEnrollment.objects.of(self.account).current()
        return get_object_or_404(enrollments.select_related("app"), pk=pk)

    def page_of(self, enrollment: AppEnrollment) -> str:
        return reverse("inbox:enrollment", args=[enrollment.pk])


class SwitchEnrollment(EnrollmentButton):
    """Switches an enrollment on or off."""

    def press(self, enrollment: AppEnrollment) -> str:
        is_active = self.request.POST.get("is_active") == "true"
        services.change_enrollment(enrollment, self.request.user, is_active=is_active)
        messages.success(self.request, f"{enrollment} is switched {'on' if is_active else 'off'}.")
        return self.page_of(enrollment)


class TryConnection(EnrollmentButton):
    """Tries whether an enrollment's source can be reached, with what is stored."""

    def press(self, enrollment: AppEnrollment) -> str:
        messages.success(self.request, services.try_connection(enrollment))
        return self.page_of(enrollment)


class ReadEverythingAgain(EnrollmentButton):
    """Forgets how far an enrollment's source has been read."""

    def press(self, enrollment: AppEnrollment) -> str:
        messages.success(self.request, source_states.forget(enrollment, self.request.user))
        return self.page_of(enrollment)


class SayWhatStreamsAre(EnrollmentButton):
    """Reads the first records of an enrollment's source, and asks what they are."""

    def press(self, enrollment: AppEnrollment) -> str:
        with LongWork(self.account.pk):
            waiting = unanswered.ask_about_source(
                enrollment, self.request.user, dry_run=self.request.POST.get("dry_run") == "true"
            )
        return reverse("inbox:how-written", args=[waiting.pk])


class Reconnect(FormPageMixin, AskFormMixin[CredentialsForm], FormView):
    """Replaces the credentials of an enrollment."""

    template_name = "inbox/credentials.html"
    form_class = CredentialsForm
    roles = ADMINS

    @cached_property
    def enrollment(self) -> AppEnrollment:
        """The enrollment; there is nothing to replace where its connector asks for no credentials."""
        enrollments = AppEnrollment.objects.of(self.account).current().select_related("app")
        enrollment = get_object_or_404(enrollments, pk=self.kwargs["pk"])
        if not sources.authorized_connector(enrollment.app) and not sources.credentials_declared_by(enrollment.app):
            raise Http404
        return enrollment

    def get_template_names(self) -> list[str]:
        return ["inbox/connect.html" if sources.authorized_connector(self.enrollment.app) else self.template_name]

    def get_form_kwargs(self) -> dict[str, Any]:
        declared = sources.credentials_declared_by(self.enrollment.app)
        return super().get_form_kwargs() | {"declared": declared, "replaces": True}

    def ask(self, form: CredentialsForm) -> HttpResponse:
        services.reconnect(self.enrollment, self.request.user, form.credentials)
        messages.success(self.request, f"{self.enrollment} is connected with these credentials from now on.")
        return redirect("inbox:enrollment", self.enrollment.pk)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        app = self.enrollment.app
        way = way_to_vendor(self.request, app, self.enrollment) if sources.authorized_connector(app) else {}
        return super().get_context_data(app=app, enrollment=self.enrollment, **way, **context)


class AccountSettings(FormPageMixin, AskFormMixin[AccountForm], FormView):
    """The settings of the whole account."""

    template_name = "inbox/account_settings.html"
    form_class = AccountForm
    form_fields = {"timeZone": "time_zone"}
    roles = ADMINS

    def get_initial(self) -> dict[str, Any]:
        return {"time_zone": self.account.time_zone}

    def ask(self, form: AccountForm) -> HttpResponse:
        services.change_time_zone(self.account, form.cleaned_data["time_zone"])
        messages.success(self.request, f"Schedules are read on the clocks of {self.account.time_zone} from now on.")
        return redirect("inbox:account-settings")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(quotas=quotas_of(self.account), **context)


urlpatterns = [
    path("account/settings/", AccountSettings.as_view(), name="account-settings"),
    path("", Home.as_view(), name="home"),
    path("enrollments/<uuid:pk>/", Enrollment.as_view(), name="enrollment"),
    path("enrollments/<uuid:pk>/credentials/", Reconnect.as_view(), name="credentials"),
    path("enrollments/<uuid:pk>/source/", SourceSettings.as_view(), name="source"),
    path("enrollments/<uuid:pk>/streams/", SayWhatStreamsAre.as_view(), name="streams"),
    path("enrollments/<uuid:pk>/switch/", SwitchEnrollment.as_view(), name="switch"),
    path("enrollments/<uuid:pk>/try/", TryConnection.as_view(), name="try-connection"),
    path("enrollments/<uuid:pk>/read-again/", ReadEverythingAgain.as_view(), name="read-again"),
    *connection_inbox.urlpatterns,
    *enrolling_inbox.urlpatterns,
    *removal_inbox.urlpatterns,
]
