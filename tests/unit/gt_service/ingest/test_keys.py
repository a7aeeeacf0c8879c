"""What a key of the inbox bucket is for."""

from __future__ import annotations

import pytest

from gt_service.ingest.keys import Purpose, classify


@pytest.mark.parametrize(
    ("key", "purpose", "campaign"),
    [
        ("birds/campaign.yaml", Purpose.SPEC, "birds"),
        ("birds/campaign.yml", Purpose.SPEC, "birds"),
        ("birds/campaign.json", Purpose.SPEC, "birds"),
        ("birds/images/campaign.yaml", Purpose.IMAGE, "birds"),
        ("birds/images/a/b/c.jpg", Purpose.IMAGE, "birds"),
        ("birds/notes.txt", Purpose.IMAGE, "birds"),
        ("birds/gold/gold.manifest", Purpose.OTHER, "birds"),
        ("birds/examples/1.png", Purpose.OTHER, "birds"),
        ("a.jpg", Purpose.IMAGE, "-"),
        ("My Photos/a.jpg", Purpose.IMAGE, "-"),
        ("-birds/a.jpg", Purpose.IMAGE, "-"),
        ("b" * 41 + "/a.jpg", Purpose.IMAGE, "-"),
        ("/a.jpg", Purpose.IMAGE, "-"),
        ("birds-/campaign.yaml", Purpose.IMAGE, "-"),
    ],
)
def test_keys(key: str, purpose: Purpose, campaign: str) -> None:
    """A gold label taken for an image would be sent to people; an image taken for nothing would be lost."""
    found = classify(key, 10)
    assert (found.purpose, found.campaign) == (purpose, campaign)
    assert (found.problem is not None) == (campaign == "-")


def test_folders_are_no_images() -> None:
    """The console makes an empty object for each folder; listed as rejected they would only frighten."""
    assert classify("birds/images/", 0).purpose is Purpose.OTHER
    assert classify("birds/images/", 5).purpose is Purpose.IMAGE
