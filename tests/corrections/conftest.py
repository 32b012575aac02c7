"""Files with good and bad lines, loaded as a worker does, and corrections of their rejected rows."""

import pytest

from adsplatform.accounts.models import Role
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.services import corrections, requests
from tests.connectors.reading import zipped
from tests.factories import member

COMPANIES = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n"
INVOICES = """erpKey;companyErpKey;customerErpKey;totalAmount;invoiceDate;referenceCode
I1;C1;C1;10.00;2024-01-31;a
I2;C1;C1;twelve;2024-02-31;"two
lines; and =a formula"
I3;C1;C1;-5;2024-01-31;=1+1
I4;C9;C1;+4.50;2024-01-31;'quoted
"""


@pytest.fixture
def owner(db):
    return member(Role.OWNER)[0]


@pytest.fixture
def load(owner, tmp_path):
    """Upload texts by file name, in a ZIP, and run the sync."""

    def load(files, name="books.zip", **wanted) -> SyncRequest:
        path = tmp_path / "upload.zip"
        path.write_bytes(files if isinstance(files, bytes) else zipped(files))
        with path.open("rb") as content:
            asked = requests.load_upload(owner.group_key, owner.user, content, file_name=name, **wanted)
        return run(asked)

    return load


@pytest.fixture
def faulty(load):
    """Two of the four invoices are not loaded."""
    return load({"companies.csv": COMPANIES, "invoices.csv": INVOICES})


@pytest.fixture
def correct(owner):
    """Put values into the rejected line with this number."""

    def correct(sync_request, line, **values):
        return corrections.save_correction(
            sync_request.details.filter(line=line, kind="error").first(), owner.user, values
        )

    return correct


@pytest.fixture
def load_again(owner):
    return lambda sync_request: run(corrections.load_again(sync_request, owner.user))


def run(asked) -> SyncRequest:
    sync_request = SyncRequest.objects.get(pk=asked.pk)
    sync_request.start()
    pipeline.run(sync_request)
    return SyncRequest.objects.get(pk=sync_request.pk)
