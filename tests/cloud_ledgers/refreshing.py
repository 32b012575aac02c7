"""Eight processes that renew the credentials of one enrollment at once; XERO_DOUBLE is where the double is."""

import os
import sys
from dataclasses import replace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
PROCESSES = 8


def renew(enrollment_id: str, times: int) -> None:
    """One process: each time with the present refresh token, whether that is needed or not."""
    from enrollments.models import AppEnrollment
    from syncs.connectors.xero.connector import Xero
    from syncs.loading.helper import EnrollmentHelper
    from tests.cloud_ledgers.double import CLIENT

    connector = Xero()
    connector.vendor = replace(Xero.vendor, token=f"{os.environ['XERO_DOUBLE']}/connect/token")
    enrollment = AppEnrollment.objects.select_related("app").get(pk=enrollment_id)
    with EnrollmentHelper(enrollment, "xero", {}) as helper:
        for _ in range(times):
            helper.renew_credentials(lambda present: connector.renewed({**CLIENT, **present}, present["accessToken"]))


if __name__ == "__main__":
    import django

    django.setup()
    children = []
    for _ in range(PROCESSES):
        if (pid := os.fork()) == 0:
            try:
                renew(sys.argv[1], int(sys.argv[2]))
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        children.append(pid)
    sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
