"""A Singer tap that says what is in files beside its `bin`, as fast as it is listened to."""

import shutil
import sys
from pathlib import Path

if __name__ == "__main__":
    name = "catalog.json" if "--discover" in sys.argv else "messages.jsonl"
    with (Path(__file__).parent.parent / name).open("rb") as said:
        shutil.copyfileobj(said, sys.stdout.buffer, 1024**2)
