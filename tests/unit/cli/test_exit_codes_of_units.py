"""What a unit ends with decides whether it is started again: what may heal is, what stays wrong is not."""

import pytest

from streamlake.cli.main import exit_code
from streamlake.errors import Misconfigured, Permanent, Refused, Retryable, StreamlakeError, Tripped, Unknown


@pytest.mark.parametrize(
    ("error", "of_a_unit", "of_a_command"),
    [
        (Retryable("x"), 3, 3),
        (Unknown("x"), 3, 3),
        (Permanent("x"), 3, 4),
        (Tripped("x"), 3, 4),
        (Refused("x"), 4, 4),
        (Misconfigured("x"), 2, 2),
        (StreamlakeError("x"), 70, 70),
    ],
)
def test_exit_codes(error: StreamlakeError, of_a_unit: int, of_a_command: int) -> None:
    assert exit_code(error, "consume") == exit_code(error, "serve") == of_a_unit
    assert exit_code(error, "audit") == exit_code(error, None) == of_a_command
