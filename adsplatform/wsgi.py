"""The web application for a production server."""

import os

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """A request whose URL is decoded as UTF-8, whatever character set the Content-Type names for the body.

    Django would use that character set for the URL too. The Java SDK sends ISO-8859-1 with every body, and a codec that
    is no character set (`charset=hex`) makes Django fail before any of our code runs.
    """

    def _set_content_type_params(self, meta: dict[str, str]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
application = get_wsgi_application()
application.request_class = Utf8Request
