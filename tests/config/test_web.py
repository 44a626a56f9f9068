"""Where the page may be shown without a password: nowhere but here."""

import pytest

from arb.domain.errors import ConfigError
from config.settings import load


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_on_loopback_authentication_may_be_off(host):
    assert not load("mock", {"ARB_WEB__HOST": host, "ARB_WEB__AUTHENTICATION": "false"}).web.authentication


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "desk.example"])
def test_a_public_address_without_authentication_is_refused(host):
    with pytest.raises(ConfigError, match=r"^web: .*authentication") as refusal:
        load("mock", {"ARB_WEB__HOST": host, "ARB_WEB__AUTHENTICATION": "false"})
    assert len(str(refusal.value).splitlines()) == 1
    assert load("mock", {"ARB_WEB__HOST": host}).web.authentication


def test_a_proxy_without_authentication_is_refused():
    with pytest.raises(ConfigError, match=r"^web: "):
        load("mock", {"ARB_WEB__PUBLIC_URL": "https://desk.example", "ARB_WEB__AUTHENTICATION": "no"})


@pytest.mark.parametrize("proxies", ["desk.example", "127.0.0.1, 10.0.0.1/8"])
def test_proxies_are_addresses_or_networks(proxies):
    with pytest.raises(ConfigError, match=r"^web\.proxies: "):
        load("mock", {"ARB_WEB__PROXIES": proxies})
    assert load("mock", {"ARB_WEB__PROXIES": "10.0.0.1, fd00::/8"}).web.proxies == ("10.0.0.1", "fd00::/8")


@pytest.mark.parametrize("url", ["desk.example", "ftp://desk.example", "https://desk.example/path"])
def test_a_public_url_is_a_scheme_and_a_host(url):
    with pytest.raises(ConfigError, match=r"^web: .*public_url"):
        load("mock", {"ARB_WEB__PUBLIC_URL": url})
