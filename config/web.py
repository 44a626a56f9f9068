"""Where the web page is shown, and to whom."""

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class WebSettings(BaseModel):
    """The page's own server. Beyond loopback it opens only with authentication."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(ge=0, le=65_535)  # 0: one that the home keeps
    authentication: bool
    public_url: str | None = None  # where a reverse proxy shows it
    proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose word on a visitor's address counts
    session_hours: int = Field(gt=0, le=720)

    @field_validator("proxies", mode="after")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ip_network(text)
        return value

    @model_validator(mode="after")
    def _check(self) -> "WebSettings":
        reachable = self.public_url is not None or not is_loopback(self.host)
        if reachable and not self.authentication:
            raise ValueError("authentication may be off only on loopback and without a public_url")
        if self.public_url is not None and not _is_origin(self.public_url):
            raise ValueError("public_url must be a scheme and a host, as https://desk.example")
        return self


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_origin(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
