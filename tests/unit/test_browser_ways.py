"""What the visitor's browser says, as checks of the deployment."""

import pytest

from fer_core.ui.start.browser_ways import ways

TURN = [{"urls": ["stun:a", "turn:a"], "username": "me", "credential": "secret"}]


@pytest.mark.parametrize(
    ("servers", "kinds", "problems", "passed", "sentence"),
    [
        ([], ["host"], {}, True, "host"),
        ([], [], {}, False, "may forbid WebRTC"),
        ([{"urls": "stun:a"}], ["srflx", "host"], {}, True, "host, srflx"),
        (TURN, ["host", "srflx", "relay"], {}, True, "host, relay, srflx"),
        (TURN, ["host", "srflx"], {"turn:a": "401 Unauthorized"}, False, "(turn:a: 401 Unauthorized)"),
        (TURN, ["host"], {}, False, "(no answer)"),
    ],
    ids=["direct", "forbidden", "stun", "turn", "turn refuses", "turn is silent"],
)
def test_a_browser_has_the_ways_that_it_is_to_have(servers, kinds, problems, passed, sentence):
    check = ways(servers, kinds, problems)
    assert check.passed is passed and sentence in check.detail and "secret" not in check.detail
