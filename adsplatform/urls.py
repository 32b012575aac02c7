"""The site map; the only module that knows every app."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from adsplatform.accounts import api as accounts_api
from adsplatform.accounts import inbox as accounts_inbox
from adsplatform.observability import probes
from adsplatform.rest import problems
from enrollments import api as enrollments_api
from enrollments import inbox as enrollments_inbox
from syncs import metrics
from syncs.api import views as syncs_api
from syncs.inbox import views as syncs_inbox

inbox_urls = [*accounts_inbox.urlpatterns, *enrollments_inbox.urlpatterns, *syncs_inbox.urlpatterns]
# In lower case: rest.middleware hands every path over in it.
api_urls = [*accounts_api.urlpatterns, *enrollments_api.urlpatterns, *syncs_api.urlpatterns]

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.server_error

urlpatterns = [
    # For those who watch over the process; rest.probes answers them before all else.
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", metrics.metrics),
    # What browsers ask for where no page names an icon: at the admin, and at the API's answers.
    path("favicon.ico", lambda request: redirect(static("inbox/icon.svg"))),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_urls, "api"))),
    # Programs get a problem document, whatever DEBUG says, and never a redirect to a path with a slash.
    re_path("^api(?:/|$)", csrf_exempt(problems.not_found)),
    path("", include((inbox_urls, "inbox"))),
]
