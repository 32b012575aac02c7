"""Signing in and out of the Inbox, and changing one's password."""

import hashlib

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.urls import reverse_lazy
from rest_framework.throttling import SimpleRateThrottle

from adsplatform.accounts.tenancy import tenant_of


class SignInThrottle(SimpleRateThrottle):
    """Attempts for one e-mail address from one place, at the rate of the settings' `sign-in`."""

    scope = "sign-in"

    def get_cache_key(self, request, view):
        who = f"{request.POST.get('username', '').strip().lower()} {self.get_ident(request)}"
        return f"sign-in-{hashlib.sha256(who.encode()).hexdigest()}"


class SignInForm(AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        "invalid_login": "This e-mail address and password do not match. Check both, then try again.",
        "inactive": "This person's access has been switched off. Ask an owner of your account.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs |= {"autocomplete": "username", "type": "email"}


class SignIn(views.LoginView):
    template_name = "inbox/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request, *args, **kwargs):
        throttle = SignInThrottle()
        if throttle.allow_request(request, self):
            return super().post(request, *args, **kwargs)
        seconds = max(1, round(throttle.wait() or 1))
        form = self.authentication_form(request)
        context = self.get_context_data(
            form=form,
            refusal=f"Too many attempts to sign in with this e-mail address. Wait {seconds} seconds, then try again.",
        )
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


class SignOut(views.LogoutView):
    """Signs out on POST; a GET comes from nowhere in the Inbox and is answered 405."""


class Password(views.PasswordChangeView):
    template_name = "inbox/password.html"
    success_url = reverse_lazy("inbox:home")

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated:
            request.tenant = tenant_of(request)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        messages.success(self.request, "Your password has been changed.")
        return super().form_valid(form)
