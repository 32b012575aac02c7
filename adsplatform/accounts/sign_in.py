"""Signing in and out of the Inbox, and changing one's password."""

from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from rest_framework.exceptions import Throttled

from adsplatform.accounts.inbox_mixins import SESSION_KEY, tenant_of
from adsplatform.rest.throttling import count_sign_in


class CountedAttempts:
    """A form that signs in; `wait` is in how many seconds one who tried too often may try again."""

    wait = 0

    def clean(self):
        try:
            count_sign_in(self.request, self.cleaned_data.get("username", ""))
        except Throttled as refused:
            self.wait = max(1, round(refused.wait or 1))
            raise ValidationError(
                f"Too many attempts to sign in. Wait {self.wait} seconds, then try again."
            ) from refused
        return super().clean()


class SignInForm(CountedAttempts, AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        "invalid_login": "This e-mail address and password do not match. Check both, then try again.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "type": "email"}


class AdminSignInForm(CountedAttempts, AdminAuthenticationForm):
    """The administration's."""


class SignIn(views.LoginView):
    template_name = "inbox/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form):
        response = super().form_invalid(form)
        if form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


class SignOut(views.LogoutView):
    """Signs out on POST; a GET comes from nowhere in the Inbox and is answered 405."""


class Password(views.PasswordChangeView):
    template_name = "inbox/password.html"
    success_url = reverse_lazy("inbox:home")

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            request.tenant = tenant_of(request.user, request.session.get(SESSION_KEY))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        messages.success(self.request, "Your password has been changed.")
        return super().form_valid(form)
