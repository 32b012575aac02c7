"""Pages of the Inbox about the person and the account: sign-in, the choice of account, API keys."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.generic import FormView, TemplateView

from adsplatform.accounts.forms import KeyForm
from adsplatform.accounts.models import ADMINS, EVERYONE, ApiKey
from adsplatform.accounts.sign_in import Password, SignIn, SignOut
from adsplatform.accounts.tenancy import SESSION_KEY, ButtonView, TenantMixin
from adsplatform.errors import NotAllowed


class ChooseAccount(TenantMixin, TemplateView):
    """Which of the person's accounts the Inbox shows."""

    template_name = "inbox/account.html"
    # Everyone may look at another of their own accounts.
    roles = EVERYONE

    def post(self, request):
        wanted = request.POST.get("group_key", "")
        found = next((m for m in request.tenant.memberships if str(m.group_key_id) == wanted), None)
        if found is None:
            messages.error(request, "You are not a member of that account. Choose one from the list.")
            return redirect("inbox:account")
        request.session[SESSION_KEY] = wanted
        return redirect("inbox:home")


class Keys(TenantMixin, FormView):
    """The account's API keys, and the form that makes one; a new key is shown this once."""

    template_name = "inbox/keys.html"
    form_class = KeyForm

    def form_valid(self, form):
        api_key, secret = ApiKey.make(account=self.account, user=self.request.user, **form.cleaned_data)
        context = self.get_context_data(form=self.form_class(), made=api_key, secret=secret)
        return self.render_to_response(context)

    def get_context_data(self, **context):
        keys = ApiKey.objects.of(self.account).select_related("created_user").order_by("-created")
        usable = set(ApiKey.objects.of(self.account).usable().values_list("pk", flat=True))
        return super().get_context_data(
            keys=[
                {"key": key, "is_usable": key.pk in usable, "may_revoke": may_revoke(self.request, key)}
                for key in keys[:200]
            ],
            **context,
        )


class RevokeKey(ButtonView):
    """Ends an API key for good."""

    def get_subject(self, pk):
        return get_object_or_404(ApiKey.objects.of(self.account), pk=pk)

    def press(self, api_key):
        if not may_revoke(self.request, api_key):
            raise NotAllowed(
                f"The key “{api_key.name}” was made by {api_key.created_user}. "
                "Only they, or an owner or admin of the account, can revoke it."
            )
        api_key.revoke(self.request.user)
        messages.success(self.request, f"The key “{api_key.name}” is revoked. Nothing can use it any more.")
        return "inbox:keys"

    def page_of(self, api_key):
        return "inbox:keys"


def may_revoke(request, api_key) -> bool:
    """Whose key it is may end it; so may owners and admins."""
    own = api_key.created_user_id == request.user.pk
    return request.tenant.role in ADMINS or (own and request.tenant.may_write)


urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("password/", Password.as_view(), name="password"),
    path("account/", ChooseAccount.as_view(), name="account"),
    path("keys/", Keys.as_view(), name="keys"),
    path("keys/<uuid:pk>/revoke/", RevokeKey.as_view(), name="key-revoke"),
]
