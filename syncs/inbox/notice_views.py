"""The Inbox's page of notices: present and past problems, and the choice of e-mails about them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import SimpleLazyObject
from django.views.generic import TemplateView

from adsplatform.accounts import services
from adsplatform.accounts.inbox_mixins import ADMINS, Tenant, TenantMixin
from adsplatform.accounts.models import StaffAction, with_people
from syncs.models.notices import Notice
from syncs.presentation.paging import page_of

NOTICES_ON_PAGE = 25


class Notices(TenantMixin, TemplateView):
    """The account's notices, open ones first; owners and admins choose here whether they get e-mails."""

    template_name = "inbox/notices.html"
    roles = ADMINS

    def post(self, request: HttpRequest) -> HttpResponse:
        wants = "wants_notices" in request.POST
        services.choose_notices(self.request.tenant.membership, wants)
        choice = "You get e-mails about notices" if wants else "You get no e-mails about notices"
        messages.success(request, f"{choice} of {self.account} from now on.")
        return redirect("inbox:notices")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        of_account = Notice.objects.of(self.account).select_related("app_enrollment__app")
        notices = with_people(of_account, "closed_user")
        page = page_of(
            notices.closed().order_by("-closed", "-pk"), self.request.GET.get("page", ""), size=NOTICES_ON_PAGE
        )
        return super().get_context_data(
            open=notices.open().order_by("-opened", "-pk")[: NOTICES_ON_PAGE * 4],
            page=page,
            staff_actions=self.staff_actions(),
            mail_is_set=bool(settings.EMAIL_URL),
            **context,
        )

    def staff_actions(self) -> list[StaffAction]:
        """What platform staff did last to the account's people, for those who look after them."""
        if not self.request.tenant.may_administer:
            return []
        actions = with_people(StaffAction.objects.of(self.account), "staff", "seen_user")
        return list(actions.order_by("-at")[:NOTICES_ON_PAGE])


def open_notices(request: HttpRequest) -> dict[str, object]:
    """A context processor: the number of open notices of the account and actions of staff that nobody has seen.

    They are counted only if a page uses the number.
    """

    def count() -> int:
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None:
            return 0
        unseen = StaffAction.objects.of(tenant.account).unseen().count() if tenant.may_administer else 0
        return Notice.objects.of(tenant.account).open().count() + unseen

    return {"open_notices": SimpleLazyObject(count)}


urlpatterns = [path("notices/", Notices.as_view(), name="notices")]
