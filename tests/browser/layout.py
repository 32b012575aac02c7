"""How a page lies in its window."""

from playwright.sync_api import Page


def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
