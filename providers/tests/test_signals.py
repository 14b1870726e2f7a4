"""What upstreams say in headers about our use of them."""

import pytest
from requests.structures import CaseInsensitiveDict

from providers.signals import pause_for

AT_20_SECONDS = 1_763_712_020.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-MBX-USED-WEIGHT-1M": "4799"}, 0),
        ({"X-MBX-USED-WEIGHT-1M": "4800"}, 40),
        ({"X-MBX-USED-WEIGHT-1M": "999999"}, 40),
        ({"X-MBX-USED-WEIGHT-1M": "many"}, 0),
        ({"X-MBX-USED-WEIGHT-1M": "-1"}, 0),
        ({"gw-ratelimit-remaining": "0", "gw-ratelimit-reset": "8000"}, 8),
        ({"gw-ratelimit-remaining": "0"}, 1),
        ({"gw-ratelimit-remaining": "3", "gw-ratelimit-reset": "8000"}, 0),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "15"}, 15),
    ],
)
def test_the_pause_that_headers_ask_for(headers, seconds):
    assert pause_for(CaseInsensitiveDict(headers), now=AT_20_SECONDS) == seconds
