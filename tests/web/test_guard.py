"""What the page refuses: strangers, other sites, other names, and requests without the token."""

import pytest

from arb.web.throttle import FAILURES_PER_ADDRESS_MAX
from tests.web.server import LOOPBACK, serving


@pytest.fixture(scope="module")
def served():
    with serving() as running:
        yield running


@pytest.fixture
def visitor(served):
    browser = served.browser()
    assert browser.log_in().status == 303
    served.killed.clear()
    return browser


def test_without_a_login_there_is_only_the_form(served):
    stranger = served.browser()
    assert stranger.get("/").headers["Location"] == "/login"
    for path in ("/api/session", "/api/stream", "/no-such-page"):
        assert stranger.get(path).status == 401
    assert stranger.get("/health").data == b"ok\n"


def test_the_right_password_opens_the_page(served, visitor):
    page = visitor.get("/")
    assert page.status == 200
    assert b'id="stop"' in page.data


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(served):
    answer = served.browser().log_in()
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("arb_desk=")]
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("password", ["", "wrong", "correct horse "])
def test_a_wrong_password_does_not(served, password):
    served.clock.advance_ms(61_000)
    browser = served.browser()
    assert browser.log_in(password).status == 401
    assert browser.get("/api/session").status == 401


def test_wrong_passwords_are_limited_and_the_limit_ends(served):
    served.clock.advance_ms(61_000)
    browser = served.browser()
    for _ in range(FAILURES_PER_ADDRESS_MAX):
        assert browser.log_in("wrong").status == 401
    limited = browser.log_in()
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) <= 60
    served.clock.advance_ms(61_000)
    assert browser.log_in().status == 303


def test_a_login_form_of_another_site_is_refused(served):
    browser = served.browser()
    browser.get("/login")
    assert browser.post("/login", form={"password": "correct horse", "token": "made up"}).status == 403
    assert browser.post("/login", form={"password": "correct horse"}, Origin="https://evil").status == 403


def test_a_ticket_ends_with_its_time(served):
    browser = served.browser()
    browser.log_in()
    served.clock.advance_ms(3_599_000)
    assert browser.get("/api/session").status == 200
    served.clock.advance_ms(2_000)
    assert browser.get("/api/session").status == 401


def test_a_forged_ticket_is_none(served, visitor):
    expiry, nonce, signature = visitor.cookies["arb_desk"].split(".")
    visitor.cookies["arb_desk"] = f"{int(expiry) + 1}.{nonce}.{signature}"
    assert visitor.get("/api/session").status == 401


def test_logging_out_ends_the_ticket_everywhere(served, visitor):
    ticket = visitor.cookies["arb_desk"]
    assert visitor.post("/logout", X_CSRF_Token=visitor.token()).status == 204
    visitor.cookies["arb_desk"] = ticket
    assert visitor.get("/api/session").status == 401


def test_the_kill_switch_takes_a_reason_and_the_token(served, visitor):
    answer = visitor.post("/api/kill", body={"reason": " by   hand "}, X_CSRF_Token=visitor.token())
    assert (answer.status, served.killed) == (200, ["by hand"])


@pytest.mark.parametrize("token", ["", "wrong"])
def test_without_the_token_nothing_is_killed(served, visitor, token):
    assert visitor.post("/api/kill", body={"reason": "x"}, X_CSRF_Token=token).status == 403
    assert served.killed == []


def test_the_token_of_somebody_else_does_not_help(served, visitor):
    other = served.browser()
    other.log_in()
    assert visitor.post("/api/kill", body={"reason": "x"}, X_CSRF_Token=other.token()).status == 403
    assert served.killed == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "", "Sec_Fetch_Site": ""},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_cannot_kill_even_with_cookie_and_token(served, visitor, headers):
    assert (
        visitor.post("/api/kill", body={"reason": "x"}, X_CSRF_Token=visitor.token(), **headers).status == 403
    )
    assert served.killed == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "10.0.0.1", "[::1"])
def test_a_name_that_is_not_ours_is_refused_before_anything_else(served, visitor, host):
    assert visitor.get("/health", Host=host).status in (400, 421)


@pytest.mark.parametrize("body", [[], {}, {"reason": ""}, {"reason": 3}, {"reason": "x" * 201}, "text"])
def test_a_reason_that_is_none_is_a_bad_request(served, visitor, body):
    assert visitor.post("/api/kill", body=body, X_CSRF_Token=visitor.token()).status == 400
    assert served.killed == []


@pytest.mark.parametrize("path", ["/", "/login", "/static/page.js", "/api/session", "/nothing", "/health"])
def test_every_answer_has_the_headers(served, visitor, path):
    headers = visitor.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_files_beside_the_page_are_not_served(served, visitor):
    for path in ("/static/../guard.py", "/static/%2e%2e/guard.py", "/static/"):
        assert visitor.get(path).status in (403, 404)


def test_without_authentication_the_token_is_still_needed():
    with serving(settings=LOOPBACK.model_copy(update={"authentication": False})) as open_house:
        browser = open_house.browser()
        assert browser.get("/").status == 200
        assert browser.post("/api/kill", body={"reason": "x"}).status == 403
        assert browser.post("/api/kill", body={"reason": "x"}, X_CSRF_Token=browser.token()).status == 200


def test_a_proxy_may_show_it_under_its_own_name():
    settings = LOOPBACK.model_copy(update={"public_url": "https://desk.example"})
    with serving(settings=settings) as shown:
        browser = shown.browser()
        assert browser.get("/health", Host="desk.example").status == 200
        assert browser.get("/health", Host="other.example").status == 421
        assert "Secure" in browser.log_in().headers["Set-Cookie"]


SHOWN = LOOPBACK.model_copy(update={"public_url": "https://desk.example"})


def guess(shown, address: str, times: int = FAILURES_PER_ADDRESS_MAX) -> None:
    for _ in range(times):
        assert shown.browser().log_in("wrong", X_Forwarded_For=address).status == 401


def test_a_stranger_behind_the_same_proxy_locks_nobody_out():
    with serving(settings=SHOWN) as shown:
        guess(shown, "203.0.113.7")
        assert shown.browser().log_in(X_Forwarded_For="203.0.113.7").status == 429
        assert shown.browser().log_in(X_Forwarded_For="198.51.100.2").status == 303


@pytest.mark.parametrize("claims", ["203.0.113.{}, 198.51.100.2", "nonsense {}, 198.51.100.2"])
def test_what_a_visitor_claims_before_the_proxys_word_does_not_count(claims):
    with serving(settings=SHOWN) as shown:
        for number in range(FAILURES_PER_ADDRESS_MAX):
            guess(shown, claims.format(number), times=1)
        assert shown.browser().log_in(X_Forwarded_For=claims.format(99)).status == 429


def test_addresses_of_one_network_at_home_are_one_visitor():
    with serving(settings=SHOWN) as shown:
        for number in range(FAILURES_PER_ADDRESS_MAX):
            guess(shown, f"2001:db8:0:1::{number}", times=1)
        assert shown.browser().log_in(X_Forwarded_For="2001:db8:0:1::ffff").status == 429
        assert shown.browser().log_in(X_Forwarded_For="2001:db8:0:2::1").status == 303


@pytest.mark.parametrize("settings", [LOOPBACK, SHOWN.model_copy(update={"proxies": ("10.0.0.1",)})])
def test_nobody_else_is_believed(settings):
    with serving(settings=settings) as shown:
        for number in range(FAILURES_PER_ADDRESS_MAX):
            guess(shown, f"203.0.113.{number}", times=1)
        assert shown.browser().log_in(X_Forwarded_For="198.51.100.2").status == 429


@pytest.mark.parametrize("word", ["", "unknown"])
def test_a_proxy_without_a_word_is_the_visitor(word):
    with serving(settings=SHOWN) as shown:
        guess(shown, word)
        assert shown.browser().log_in(X_Forwarded_For=word).status == 429
