"""The page's secrets, kept in files of the home: the password, the cookies' key, the scraper's token."""

from dataclasses import dataclass
from pathlib import Path

from arb.stack.files import remembered_secret
from arb.stack.home import Home
from arb.stack.processes import WEB_PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What nobody else may know."""

    password: str
    cookies: str
    metrics: str

    @classmethod
    def of(cls, home: Home) -> "Secrets":
        """Return the secrets of a home, made up the first time."""
        return cls(
            password=remembered_secret(password_file(home)),
            cookies=remembered_secret(home.run / "web-cookie-secret"),
            metrics=remembered_secret(metrics_token_file(home)),
        )


def password_file(home: Home) -> Path:
    """Return where the password for the page is."""
    return home.run / WEB_PASSWORD


def metrics_token_file(home: Home) -> Path:
    """Return where the bearer token for `/metrics` is; Prometheus reads such a file by itself."""
    return home.run / "metrics-token"
