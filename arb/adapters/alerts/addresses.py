"""Addresses of messengers: what is wrong with one, in a line that holds no part of it that may be secret."""

import logging
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from arb.domain.errors import ConfigError

TELLTALE: Final = {
    "apprise": logging.CRITICAL + 1,
    "urllib3": logging.WARNING,
}  # lines with addresses in them
PLAIN_WEB: Final = (
    "is a plain web address: one that takes JSON goes to alerts.webhook_url, "
    "a service has a scheme of its own"
)
NEAR: Final = 0.75  # of a scheme to one that there is
PORT_MAX: Final = 65_535
UNFILLED: Final = re.compile(r"\{\w+\}|<\w+>|%7B\w+%7D", re.IGNORECASE)
WEB: Final = ("http", "https")
# What apprise takes and the service does not: the field of the address, its name, its form.
STRICTER: Final[Mapping[str, tuple[tuple[str, str, re.Pattern[str]], ...]]] = {
    "tgram": (("targets", "a chat", re.compile(r"-?\d+(:\d+)?|@?[a-z_-][a-z0-9_-]+(:\d+)?", re.IGNORECASE)),),
    "discord": (
        ("webhook_id", "the webhook_id", re.compile(r"\d+")),
        ("webhook_token", "the webhook_token", re.compile(r"[\w-]+")),
    ),
}


def service_of(url: str, key: str) -> Any:
    """Return apprise's sender of an address. Raises: ConfigError with one line that says what is wrong."""
    from apprise import Apprise

    for name, level in TELLTALE.items():
        logging.getLogger(name).setLevel(level)
    if problem := problem_of(url):
        raise ConfigError(f"{key}: {problem}")
    service = Apprise()
    if not service.add(url):
        scheme = scheme_of(url)
        raise ConfigError(
            f"{key}: apprise does not take this {scheme}:// address{_form(scheme, _plugin(scheme))}"
        )
    return service


def scheme_of(url: str) -> str:
    """Return the service that an address names; dots for what may be anything."""
    scheme, found, _ = url.partition("://")
    return scheme.lower() if found and scheme.isalnum() else "..."


def problem_of(url: str) -> str:
    """Return what is wrong with an address, empty if nothing is that can be seen without sending."""
    scheme = scheme_of(url)
    if scheme == "...":
        return (
            "has no scheme: an address begins with its service, as in tgram://TOKEN/CHAT "
            "(a comma inside an address is written %2C)"
        )
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        return f"a {scheme}:// address with a space or a line break in it"
    if scheme in WEB:
        return _problem_of_web(url)
    plugin = _plugin(scheme)
    if plugin is None:
        near = get_close_matches(scheme, _schemas(), 1, NEAR)
        hint = f"; did you mean {near[0]}://?" if near else ", see its list of services"
        return f"apprise knows no such {scheme}:// address{hint}"
    if UNFILLED.search(url):
        return f"a {scheme}:// address with a placeholder that was not filled in{_form(scheme, plugin)}"
    found = plugin.parse_url(url) or {}
    if (found.get("port") or 0) > PORT_MAX:
        return f"the port of this {scheme}:// address is beyond {PORT_MAX}"
    missing = next(_missing(plugin, found), "")
    return f"{missing}{_form(scheme, plugin)}" if missing else next(_odd(scheme, found), "")


def _problem_of_web(url: str) -> str:
    """Some services are known by their own web addresses."""
    from apprise import Apprise

    if Apprise().add(url):
        return ""
    return PLAIN_WEB


def _missing(plugin: Any, found: Mapping[str, Any]) -> Iterator[str]:
    """Return what of an address is not there or has not its form, of what all forms of a service have."""
    tokens = plugin.template_tokens
    always = [name for name in tokens if all(f"{{{name}}}" in form for form in plugin.templates)]
    for name in always:
        value, (pattern, flags) = found.get(name), (*(tokens[name].get("regex") or (None,)), None)[:2]
        if value in (None, "", []):
            yield f"the {name} is missing, or has not its form"
        elif pattern and isinstance(value, str) and not re.match(pattern, value, _flags(flags)):
            yield f"the {name} has not its form"


def _odd(scheme: str, found: Mapping[str, Any]) -> Iterator[str]:
    for name, words, form in STRICTER.get(scheme, ()):
        values = found.get(name) or ()
        for value in (values,) if isinstance(values, str) else values:
            if not form.fullmatch(value):
                yield f"{words} of this {scheme}:// address has not its form"


def _flags(text: str | None) -> int:
    return re.IGNORECASE if text and "i" in text else 0


def _form(scheme: str, plugin: Any) -> str:
    """Return how addresses of a service look."""
    form = plugin.templates[0]
    if f"{form}/{{targets}}" in plugin.templates:
        form = f"{form}/{{targets}}"
    return ": its form is " + str(form).replace("{schema}", scheme)


def _plugin(scheme: str) -> Any:
    manager = _services()
    return manager[scheme] if scheme in manager.schemas() else None


def _schemas() -> list[str]:
    return sorted(_services().schemas())


def _services() -> Any:
    from apprise import manager_plugins

    untyped: Any = manager_plugins
    return untyped.NotificationManager()
