"""A campaign's labeled images to look through: every one is found, mistakes first, and filters find what they say."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gt_service.corrections.files import read_corrections, write_correction
from gt_service.errors import InvalidInput, NotFound, UnknownState
from gt_service.gallery.index import Index, bits_of, set_bits, unpacked
from gt_service.gallery.looking import IMAGES_A_PAGE, Filter, gallery_image, gallery_page, gallery_samples, place_of
from gt_service.gallery.writing import CHUNK, Gallery, campaign_index, corrected_row
from gt_service.objects import S3Uri
from gt_service.outputs.records import label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.pages.gallery import grid_values
from tests.factories import box_label, class_label
from tests.fakes import MemoryObjects

CAMPAIGN = S3Uri("results", "birds")
LABELS = ("Bird", "Nest")
START = datetime(2026, 11, 26, 12, tzinfo=UTC)


def source(job: str, number: int) -> str:
    return f"s3://inbox/birds/images/{job}-{number}.jpg"


def labeled(job: str, number: int, label: dict[str, Any] | None, *, human: bool = True) -> LabeledObject:
    line = {"source-ref": source(job, number), **(label or {})}
    return LabeledObject(str(number), line, label_record(line, "category"), human)


def boxed(job: str, number: int, *, human: bool = True, confidence: float = 0.9, **more: Any) -> LabeledObject:
    label = box_label([(1, 2, 30, 40)], job=job, human=human, confidence=confidence, labels=LABELS, **more)
    return labeled(job, number, label, human=human)


def written(objects: MemoryObjects, job: str, images: list[LabeledObject], **more: Any) -> Index:
    gallery = Gallery(job, LABELS, **more)
    for image in images:
        gallery.add(image)
    return gallery.write(objects, CAMPAIGN / f"reports/{job}/images")


def together(objects: MemoryObjects, *indices: Index) -> Index:
    return unpacked(campaign_index(indices, read_corrections(objects, CAMPAIGN), LABELS))


def sources(objects: MemoryObjects, index: Index, **wanted: Any) -> list[str]:
    """Of all pages of a filter."""
    found: list[str] = []
    while True:
        page = gallery_page(objects, index, Filter(**wanted), len(found))
        assert len(page.images) <= IMAGES_A_PAGE
        found += [image.row["source"] for image in page.images]
        if len(found) == page.count:
            return found


def correct(objects: MemoryObjects, of: str, label: dict[str, Any] | None, after: int = 0) -> None:
    at = START + timedelta(seconds=after)
    write_correction(objects, CAMPAIGN, source=of, label=label, by="owner", at=at, token="1")


def test_every_image_of_every_job_is_on_exactly_one_page() -> None:
    """An image that no page shows is one that nobody can check."""
    objects, chance = MemoryObjects(), random.Random(1)
    jobs = {"birds-0001": CHUNK + 7, "birds-0002": 3 * CHUNK, "birds-0003": 1}
    indices = [
        written(objects, job, [boxed(job, number, confidence=chance.random()) for number in range(count)])
        for job, count in jobs.items()
    ]
    index = together(objects, *indices)
    everything = [source(job, number) for job, count in jobs.items() for number in range(count)]
    assert sorted(sources(objects, index)) == sorted(everything)
    assert len(sources(objects, index, job="birds-0002")) == 3 * CHUNK


def test_the_least_sure_come_first_over_all_jobs() -> None:
    """Mistakes hide among thousands of right labels unless they are shown first."""
    objects = MemoryObjects()
    first = written(objects, "a", [boxed("a", 0, confidence=0.99), boxed("a", 1, confidence=0.2)])
    second = written(objects, "b", [boxed("b", 0, confidence=0.97), boxed("b", 1, confidence=0.6)])
    found = sources(objects, together(objects, first, second))
    assert found == [source("a", 1), source("b", 1), source("a", 0), source("b", 0)]


def test_filters_hold_all_at_once() -> None:
    objects = MemoryObjects()
    images = [
        boxed("j", 0, human=False, confidence=0.99),
        boxed("j", 1, human=False, confidence=0.42, class_ids=[1]),
        boxed("j", 2, human=True, confidence=0.72),
        labeled("j", 3, box_label([], job="j", human=True)),
        labeled("j", 4, None),
        labeled("j", 5, class_label("Nest", 1, job="j", human=False), human=False),
    ]
    index = together(objects, written(objects, "j", images))
    assert sources(objects, index, who="machine", label="Nest") == [source("j", 1), source("j", 5)]
    assert sources(objects, index, who="machine", sure=0) == [source("j", 1)]
    assert sources(objects, index, only="nothing") == [source("j", 3)]
    assert sources(objects, index, who="people") == [source("j", 2), source("j", 3)]
    assert sources(objects, index, label="Owl") == sources(objects, index, job="other") == []


def test_the_page_offers_every_filter_that_leaves_some_out() -> None:
    """The images with nothing on them could not be found where that was the only thing to filter by."""
    objects = MemoryObjects()
    images = [boxed("j", number, confidence=1) for number in range(3)]
    same = together(objects, written(objects, "j", images))
    some = together(objects, written(objects, "j", [*images, labeled("j", 3, box_label([], job="j", human=True))]))
    assert offered(objects, same) == {}
    assert offered(objects, some) == {"class": ["Bird (3)"], "only": ["nothing on it (1)"]}
    assert offered(objects, same, who="people") == {"who": ["by people (3)"]}


def offered(objects: MemoryObjects, index: Index, **wanted: Any) -> dict[str, list[str]]:
    page = gallery_page(objects, index, Filter(**wanted), 0)
    values = grid_values("birds", page, job=None, address=str)
    return {name: [choice.text for choice in choices] for name, _, choices in values["filters"]}


def test_where_the_machine_differs_from_people_is_a_filter() -> None:
    objects = MemoryObjects()
    other = label_record(box_label([(200, 200, 9, 9)], job="j", human=False, labels=LABELS), "category")
    same = label_record(box_label([(1, 2, 30, 40)], job="j", human=False, labels=LABELS), "category")
    assert other is not None
    assert same is not None
    predictions = {source("j", 0): same, source("j", 1): other}
    index = written(objects, "j", [boxed("j", number) for number in range(3)], predictions=predictions)
    assert sources(objects, together(objects, index), only="disagrees") == [source("j", 1)]


def test_a_corrected_image_is_found_by_its_new_label_alone() -> None:
    objects = MemoryObjects()
    jobs = [written(objects, job, [boxed(job, number) for number in range(3)]) for job in ("a", "b")]
    correct(objects, source("a", 1), box_label([(5, 5, 5, 5)], class_ids=[1], job="-", human=True, labels=LABELS))
    correct(objects, source("b", 2), box_label([], job="-", human=True), after=1)
    correct(objects, source("b", 0), None, after=2)
    index = together(objects, *jobs)
    assert source("a", 1) not in sources(objects, index, label="Bird")
    assert sources(objects, index, label="Nest") == [source("a", 1)]
    assert sources(objects, index, only="corrected") == [source("b", 2), source("a", 1)]
    assert sources(objects, index, only="removed") == [source("b", 0)]
    assert sorted(sources(objects, index)) == sorted(
        source(job, n) for job in "ab" for n in range(3) if (job, n) != ("b", 0)
    )
    assert sorted(sources(objects, index, job="b")) == [source("b", 1), source("b", 2)]


def test_an_images_address_stays_its_own() -> None:
    """A link to an image, and a page that is open, lead to it after it was corrected and after the next job."""
    objects = MemoryObjects()
    first = written(objects, "a", [boxed("a", number, confidence=0.9 - number / 10) for number in range(3)])
    index = together(objects, first)
    image = gallery_page(objects, index, Filter(), 1).images[0]
    correct(objects, image.row["source"], box_label([], job="-", human=True))
    later = together(objects, first, written(objects, "b", [boxed("b", number) for number in range(3)]))
    found = gallery_image(objects, later, image.id)
    assert found.row["source"] == image.row["source"]
    assert "corrected" in found.row
    assert place_of(later, Filter(only="nothing"), found) == 0
    assert place_of(later, Filter(label="Nest"), found) is None


def test_a_label_that_only_a_person_gave_has_an_address_too() -> None:
    objects = MemoryObjects()
    correct(objects, source("-", 0), class_label("Nest", 1, job="-", human=True))
    index = together(objects)
    (image,) = gallery_page(objects, index, Filter(), 0).images
    assert gallery_image(objects, index, image.id) == image


@pytest.mark.parametrize(
    "image", ["", "x", "a", "a.", "a.1", "a.-1", "../a.0", "corrections.0", "a.²", "a." + "9" * 99]
)
def test_an_address_of_a_strangers_making_leads_nowhere(image: str) -> None:
    objects = MemoryObjects()
    index = together(objects, written(objects, "a", [boxed("a", 0)]))
    with pytest.raises(NotFound):
        gallery_image(objects, index, image)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"who": "x"}, "who"),
        ({"sure": "6"}, "sure"),
        ({"sure": "²"}, "sure"),
        ({"sure": "9" * 5000}, "sure"),
        ({"only": "x"}, "only"),
    ],
)
def test_a_filter_that_is_none_is_named(query: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Filter.parse(query)
    assert refusal.value.field == field


def test_a_place_behind_the_last_image_is_refused() -> None:
    objects = MemoryObjects()
    index = together(objects, written(objects, "a", [boxed("a", 0)]))
    with pytest.raises(InvalidInput) as refusal:
        gallery_page(objects, index, Filter(), 1)
    assert refusal.value.field == "first"


def test_samples_take_turns_and_are_spread_over_how_sure_they_are() -> None:
    """The least sure alone would make a job look worse than it is."""
    objects = MemoryObjects()
    images = [boxed("a", number, human=number % 3 == 0, confidence=number / 30) for number in range(30)]
    chosen = gallery_samples(objects, together(objects, written(objects, "a", images)), "a", 4)
    assert [image.row["human"] for image in chosen] == [True, False] * 4
    assert [image.row["confidence"] * 30 for image in chosen[1::2]] == pytest.approx([1, 8, 16, 23], abs=1)


def test_set_bits_are_the_ones_that_are_set() -> None:
    """Against the slow way, around the edges of its blocks too."""
    chance = random.Random(2)
    for density in (0.001, 0.5, 0.999):
        numbers = [number for number in range(100_000) if chance.random() < density]
        bits = sum(1 << number for number in numbers)
        for first in (0, 1, len(numbers) // 2, max(0, len(numbers) - 3)):
            assert set_bits(bits, first, 24) == numbers[first : first + 24]


def test_a_page_reads_as_many_chunks_as_it_shows_images_at_most() -> None:
    """Pages of a large campaign would take as long as the campaign is large."""
    objects = MemoryObjects()
    index = together(objects, written(objects, "a", [boxed("a", number) for number in range(10 * CHUNK)]))
    read: list[str] = []
    original = objects.read

    def noting(uri: S3Uri, **more: Any) -> bytes:
        read.append(str(uri))
        return original(uri, **more)

    objects.read = noting  # type: ignore[method-assign]
    gallery_page(objects, index, Filter(), 5 * CHUNK + IMAGES_A_PAGE)
    assert len(read) == 1
    assert all(len(objects.contents[key]) < 50_000 for key in read)


def test_an_index_of_another_version_is_not_guessed_at() -> None:
    with pytest.raises(UnknownState):
        unpacked(b'{"version": 1}\n')


def test_a_job_that_is_written_again_keeps_its_images_where_they_are() -> None:
    """A report that is made anew must not change which image an open page corrects."""
    objects = MemoryObjects()
    images = [boxed("a", number, confidence=0.5) for number in range(2 * CHUNK)]
    written(objects, "a", images)
    before = dict(objects.contents)
    written(objects, "a", images)
    assert objects.contents == before


def test_bits_of_no_rows_are_none_and_text_is_passed_over() -> None:
    assert bits_of([]) == {}
    objects = MemoryObjects()
    correct(objects, source("a", 0), {"category": {"entities": []}, "category-metadata": {}})
    (correction,) = read_corrections(objects, CAMPAIGN)[source("a", 0)]
    assert corrected_row(correction, LABELS) is None
