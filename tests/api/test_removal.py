"""What the removal of an enrollment would remove, by the API."""

import pytest

from enrollments.models import AppEnrollment
from tests.callers import Program
from tests.factories import AppEnrollmentFactory
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db


def test_a_dry_run_counts_what_a_removal_would_remove(program):
    uploads = Uploads(AppEnrollmentFactory(group_key=program.account, name="Head office"))
    uploads.load("erpKey,companyName,companyType,isActive\nC1,A,Customer,true\nC2,,Customer,true\n", "companies.csv")
    path = f"AppEnrollments/{uploads.enrollment.pk}?removeEnrollmentData=true&dryRun=true"
    answer = program.delete(path).json()
    assert answer["counts"] == {
        "records": [{"kind": "Company", "count": 1}], "uploadedFiles": 1, "rejectedRows": 1, "importProfiles": 0,
        "waitingSyncs": 0, "credentials": 0, "sourceStates": 0, "syncsKept": 1,
    }  # fmt: skip
    assert answer["messages"] == [
        "With the data: 1 record would be removed (Company: 1)",
        "With the data: 1 uploaded file, 1 rejected row and 0 import profiles would be removed",
        "In any case: 0 waiting syncs would be cancelled",
        "In any case: 0 credentials and 0 states of the source would be removed",
        "The counts of 1 sync would be kept",
    ]
    assert AppEnrollment.objects.current().filter(pk=uploads.enrollment.pk).exists()
    assert Program().delete(path).status_code == 404
