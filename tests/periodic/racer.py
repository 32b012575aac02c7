"""One of several competing schedulers: for each time that it reads, it starts what is due and prints how many."""

import os
import sys
from datetime import datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

if __name__ == "__main__":
    import django

    django.setup()
    from syncs.periodic.scheduler import start_next

    print("ready", flush=True)
    for line in sys.stdin:
        now, started = datetime.fromisoformat(line.strip()), 0
        while start_next(now):
            started += 1
        print(started, flush=True)
