"""Loads that insert rows directly, and count what they insert."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncs.loading import pipeline
from syncs.loading.staging.copy_thread import CopyThread
from tests.loading.test_any_input import rows


def blocks(*of_kinds):
    """Blocks of rows, each a file of its own."""
    return {str(at): rows(at, kind, lines) for at, (kind, lines) in enumerate(of_kinds)}


def contact(key="K1", of="C1", **values):
    return {"erpKey": key, "companyErpKey": of, "isActive": "true"} | values


class DirectLoad:
    """Loads an upload; counts the rows that each block inserted directly, and how often the source was read."""

    def __init__(self, sync, monkeypatch):
        self.sync, self.blocks, self.attempts = sync, [], 0
        add, stage = CopyThread.add, pipeline.Stage

        def counting_add(copy_thread, statement, rows, **options):
            if is_insert(statement, copy_thread):
                self.blocks.append(len(rows))
            add(copy_thread, statement, rows, **options)

        def counting_stage(*args, **options):
            self.attempts += 1
            return stage(*args, **options)

        monkeypatch.setattr(CopyThread, "add", counting_add)
        monkeypatch.setattr(pipeline, "Stage", counting_stage)

    def __call__(self, data, *, directly=True, **values):
        self.blocks, self.attempts = [], 0
        with CaptureQueriesContext(connection) as captured:
            result = self.sync(data, directly=directly, **values)
        self.transactions = sum(str(query["sql"]).startswith("SAVEPOINT") for query in captured)
        return result


def is_insert(statement, copy_thread):
    """Whether a COPY writes records."""
    return "records_" in statement.as_string(copy_thread.cursor.connection)


@pytest.fixture
def load(sync, monkeypatch):
    return DirectLoad(sync, monkeypatch)


@pytest.fixture
def enrollment(enrollment):
    enrollment.reject_limit_percent = 100
    enrollment.save()
    return enrollment
