"""The sample newsroom: complete, strict, and enough of it; and the generator of plausible articles."""

from cms.launch.sample.reading import sample


def test_the_sample_newsroom_can_be_read() -> None:
    assert sample().articles
