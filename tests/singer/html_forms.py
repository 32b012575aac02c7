"""What a browser would send of a form, as the page suggests it."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """The values of the form with that class."""

    def __init__(self, page: str, css_class: str) -> None:
        super().__init__()
        self.css_class, self.values = css_class, {}
        self._is_inside, self._select, self._has_choice = False, "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("class") == self.css_class
        name = given.get("name", "")
        if not self._is_inside:
            return
        if tag == "select":
            self._select, self._has_choice = name, False
        elif tag == "option" and (not self._has_choice or "selected" in given):
            self.values[self._select] = [given.get("value", "")]
            self._has_choice = True
        elif tag == "input" and name and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.values.setdefault(name, []).append(given.get("value") or "")
