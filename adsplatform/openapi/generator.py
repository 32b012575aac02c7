"""The whole document of the API."""

from functools import cache
from threading import Lock
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from adsplatform.rest.renderers import encode

_GENERATING = Lock()
# Words of paths that the published API writes otherwise than in lower case.
SPELLINGS = {
    word.lower(): word
    for word in (
        "ApiKeys AppEnrollments Applications CodeDefinitions Companies Contacts CustomFieldDefinitions "
        "CustomFieldValues Definitions FinancialAccount FinancialAccountBalanceHistory FinancialYearSettings "
        "Invoices Payments Reports Status Sync Transactions UserRoles"
    ).split()
}


class WireGenerator(SchemaGenerator):
    """Generates the document with paths in the published spelling: `/api/v1/AppEnrollments/{id}`."""

    def coerce_path(self, path: str, method: str, view: Any) -> str:
        words = path.replace("{pk}", "{id}").split("/")
        return "/".join(SPELLINGS.get(word, word) for word in words)


def document() -> bytes:
    """The document as JSON; generated once in each process."""
    # Extensions are loaded by the first generator, which another must not meet half done.
    with _GENERATING:
        return _generated()


@cache
def _generated() -> bytes:
    return encode(WireGenerator().get_schema(request=None, public=True))
