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
        ("birds/images/my campaign.yaml.jpg", Purpose.IMAGE, "birds"),
        ("birds/images/a/b/c.jpg", Purpose.IMAGE, "birds"),
        ("birds/notes.txt", Purpose.IMAGE, "birds"),
        ("birds/gold/gold.manifest", Purpose.OTHER, "birds"),
        ("birds/models/yolox.tar.gz", Purpose.OTHER, "birds"),
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


@pytest.mark.parametrize(
    "key",
    [
        "birds/campaign.yaml.txt",
        "birds/Campaign.YAML",
        "birds/campaign (1).yml",
        "birds/images/campaign.yaml",
        "birds/campaign.json.txt",
    ],
)
def test_what_is_called_nearly_like_a_spec_is_told_its_right_name(key: str) -> None:
    """Windows hides endings; "neither JPEG nor PNG, convert it" helps nobody."""
    found = classify(key, 10)
    assert (found.purpose, found.campaign) == (Purpose.IMAGE, "birds")
    assert found.problem is not None
    assert "birds/campaign.yaml" in found.problem.remedy


def test_a_spec_without_a_folder_is_told_where_it_belongs() -> None:
    found = classify("campaign.yaml", 10)
    assert found.problem is not None
    assert "birds/campaign.yaml" in found.problem.remedy


@pytest.mark.parametrize(
    "key", ["birds/images/.DS_Store", "birds/images/._1.jpg", "birds/__MACOSX/images/1.jpg", "birds/images/Thumbs.db"]
)
def test_what_file_managers_leave_behind_is_passed_over(key: str) -> None:
    """In a list of a hundred refused images nobody finds the one that matters."""
    assert classify(key, 10).purpose is Purpose.OTHER


def test_folders_are_no_images() -> None:
    """The console makes an empty object for each folder; listed as rejected they would only frighten."""
    assert classify("birds/images/", 0).purpose is Purpose.OTHER
    assert classify("birds/images/", 5).purpose is Purpose.IMAGE
