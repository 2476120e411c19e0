"""The theorem's checks stand beside its runs; what they compared is to be told as of any other test."""

import pytest

pytest.register_assert_rewrite("tests.properties.running")
