"""The page's secrets, kept in files of the home: the password, the cookies' key, the scraper's token."""

from dataclasses import dataclass

from arb.stack.files import remembered_secret
from arb.stack.home import Home


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
            password=remembered_secret(home.web_password_file),
            cookies=remembered_secret(home.web_cookie_secret_file),
            metrics=remembered_secret(home.metrics_token_file),
        )
