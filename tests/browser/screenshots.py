"""Pictures of what a browser test sees: `SCREENSHOTS=folder`."""

import os


def take_screenshot(page, name):
    """Keep a picture for whoever asks for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
