"""Signing in and out of the Inbox, and changing one's password."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import forms, views
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from rest_framework.exceptions import Throttled

from adsplatform.accounts.forms import PasswordForm, SetPasswordForm
from adsplatform.accounts.inbox_mixins import SESSION_KEY, TenantRequest, tenant_of
from adsplatform.accounts.models import User
from adsplatform.rest.throttling import count_sign_in, sign_in_failed
from adsplatform.wording import in_words


class ThrottledSignInForm(AuthenticationForm):
    """A form for signing in; `wait` is the number of seconds until the next attempt after too many."""

    wait = 0

    def clean(self) -> dict[str, Any]:
        try:
            if self.request:
                count_sign_in(self.request, self.cleaned_data.get("username", ""))
        except Throttled as refused:
            # The attribute exists, but not in the stubs.
            self.wait = max(1, round(getattr(refused, "wait", None) or 1))
            raise ValidationError(
                f"Too many attempts to sign in. Wait {in_words(self.wait)}, then try again."
            ) from refused
        try:
            return super().clean()
        except ValidationError:
            if self.request:
                sign_in_failed(self.request, self.cleaned_data.get("username", ""))
            raise


class SignInForm(ThrottledSignInForm):
    """E-mail address and password."""

    error_messages = {
        "invalid_login": "This e-mail address and password do not match. Check both, then try again.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        widget = self.fields["username"].widget
        widget.attrs["autocomplete"] = "username"
        if isinstance(widget, TextInput):
            widget.input_type = "email"


class AdminSignInForm(ThrottledSignInForm, AdminAuthenticationForm):
    """The sign-in form of the admin site."""


class SignIn(views.LoginView):
    template_name = "inbox/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, ThrottledSignInForm) and form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


class SignOut(views.LogoutView):
    """Signs out on POST; a GET is answered 405."""

    def get_default_redirect_url(self) -> str:
        return reverse("inbox:sign-in", query={"after": "sign-out"})


class SetPassword(views.PasswordResetConfirmView):
    """Where a one-time link leads: the person sets a password, and then signs in with it."""

    template_name = "inbox/set_password.html"
    form_class = SetPasswordForm
    success_url = reverse_lazy("inbox:sign-in")

    def get_user(self, uidb64: str) -> User | None:
        """The person of the link; nobody while the person is switched off."""
        user = super().get_user(uidb64)
        return user if isinstance(user, User) and user.is_active else None

    def form_valid(self, form: "forms.SetPasswordForm[Any]") -> HttpResponse:
        with transaction.atomic():
            # Of several who use the link at the same moment, the first one is the only one.
            person = User.objects.select_for_update(no_key=True).get(pk=form.user.pk)
            token = self.request.session.get(views.INTERNAL_RESET_SESSION_TOKEN)
            if not self.token_generator.check_token(person, token):
                self.validlink = False
                return self.render_to_response(self.get_context_data())
            response = super().form_valid(form)
            done = "Your password is set. Sign in with it."
            messages.success(self.request, f"{done} {cast(SetPasswordForm, form).revoke_keys_if_asked()}".strip())
        return response


class Password(views.PasswordChangeView):
    """Changes the person's password, which ends their other sessions and bearer tokens, and keys if they ask for it."""

    template_name = "inbox/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("inbox:home")
    request: TenantRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            tenant = tenant_of(self.request.user, request.session.get(SESSION_KEY))
            if tenant:
                self.request.tenant = tenant
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change it; the present password can be guessed here as at sign-in, so attempts count there too."""
        try:
            count_sign_in(request, self.request.user.email)
        except Throttled as refused:
            wait = max(1, round(getattr(refused, "wait", None) or 1))
            messages.error(request, f"Too many attempts. Wait {in_words(wait)}, then try again.")
            response = self.render_to_response(self.get_context_data(form=self.form_class(self.request.user)))
            response.status_code, response.headers["Retry-After"] = 429, str(wait)
            return response
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        if form.has_error("old_password"):
            sign_in_failed(self.request, self.request.user.email)
        return super().form_invalid(form)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        with transaction.atomic():
            response = super().form_valid(form)
            done = "Your password has been changed, and your other sessions have ended."
            messages.success(self.request, f"{done} {cast(PasswordForm, form).revoke_keys_if_asked()}".strip())
        return response
