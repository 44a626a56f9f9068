"""What is wrong with an address is said in one line that holds no secret of it."""

import pytest

from arb.adapters.alerts.addresses import problem_of, service_of
from arb.domain.errors import ConfigError

# apprise imports it where Python still has it
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
WRONG = {
    "tgram://markersecret": "the bot_token is missing, or has not its form: its form is tgram://{bot_token}/{targets}",
    "tgram:///99": "the bot_token is missing, or has not its form: its form is tgram://{bot_token}/{targets}",
    "tgram://123456:markersecret/!!": "a chat of this tgram:// address has not its form",
    "tgram://123456:markersecret/9 9": "a tgram:// address with a space or a line break in it",
    "tgram://123456:markersecret/99\n": "a tgram:// address with a space or a line break in it",
    "discord://123/": "the webhook_token is missing, or has not its form: "
    "its form is discord://{webhook_id}/{webhook_token}",
    "discord://markersecret/abc": "the webhook_id of this discord:// address has not its form",
    "discord://{WebhookID}/{WebhookToken}": "a discord:// address with a placeholder that was not filled in: "
    "its form is discord://{webhook_id}/{webhook_token}",
    "json://": "the host is missing, or has not its form: its form is json://{host}",
    "json://host:99999/": "the port of this json:// address is beyond 65535",
    "mailto://markersecret": "apprise does not take this mailto:// address: its form is mailto://{host}/{targets}",
    "https://hook.example.org/markersecret": "is a plain web address: one that takes JSON goes to "
    "alerts.webhook_url, a service has a scheme of its own",
    "tgarm://123456:markersecret/99": "apprise knows no such tgarm:// address; did you mean tgram://?",
    "xyzzy://markersecret": "apprise knows no such xyzzy:// address, see its list of services",
    "markersecret": "has no scheme: an address begins with its service, as in tgram://TOKEN/CHAT "
    "(a comma inside an address is written %2C)",
    "": "has no scheme: an address begins with its service, as in tgram://TOKEN/CHAT "
    "(a comma inside an address is written %2C)",
}
RIGHT = (
    "tgram://123456:abc",
    "tgram://123456:abc/99",
    "tgram://123456:abc/-100123:7/@channel",
    "discord://123/abc-def_1",
    "https://discord.com/api/webhooks/123/abc",
    "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc",
    "mailto://127.0.0.1:25/?from=arb@example.org&to=desk@example.org&mode=insecure",
    "ntfy://topic",
    "jsons://user:password@host:8443/path",
)


@pytest.mark.parametrize("url", WRONG)
def test_a_malformed_address_says_what_is_wrong_with_it(url):
    with pytest.raises(ConfigError) as raised:
        service_of(url, "alerts.urls[0]")
    assert str(raised.value) == f"alerts.urls[0]: {WRONG[url]}"
    assert "markersecret" not in str(raised.value)


@pytest.mark.parametrize("url", RIGHT)
def test_addresses_that_work_are_let_be(url):
    assert problem_of(url) == ""
    assert service_of(url, "alerts.urls[0]")
