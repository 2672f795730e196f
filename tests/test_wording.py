from __future__ import annotations

import pytest

from skinit._wording import write_p


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.00099, "< .001"), (0, "< .001"), (0.001, "= .001"), (0.04321, "= .043"), (1, "= 1.000")],
)
def test_write_p(p, text):
    assert write_p(p) == text
