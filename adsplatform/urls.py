"""The site map: which module answers which address."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from adsplatform.observability import probes
from adsplatform.rest import problems

# Modules are named, not imported: this package knows no app above it.
inbox_urls = [path("", include(f"{package}.inbox")) for package in ("adsplatform.accounts", "enrollments")]
inbox_urls.append(path("", include("syncs.inbox.views")))
# In lower case: rest.middleware hands every path over in it.
api_urls = [path("", include(f"{package}.api")) for package in ("adsplatform.accounts", "enrollments")]
api_urls.append(path("", include("syncs.api.views")))

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.server_error

urlpatterns = [
    # For those who watch over the process; rest.probes answers them before all else.
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", include("syncs.metrics")),
    # What browsers ask for where no page names an icon: at the admin, and at the API's answers.
    path("favicon.ico", lambda request: redirect(static("inbox/icon.svg"))),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_urls, "api"))),
    # Programs get a problem document, whatever DEBUG says, and never a redirect to a path with a slash.
    re_path("^api(?:/|$)", csrf_exempt(problems.not_found)),
    path("", include((inbox_urls, "inbox"))),
]
