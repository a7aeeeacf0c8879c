"""Near-duplicates: which images are the same picture, saved again.

A picture that was encoded anew, scaled or made a little brighter has a perceptual hash (imagehash's `phash`, 16 × 16
frequencies, 256 bits) that differs in a few bits; two different pictures differ in about half of them. Measured on
drawn scenes (`benchmarks/near_duplicates.py`): re-encoded and scaled copies differ in 0 to 10 bits, cut-outs and moved
birds in 30 to 90, other pictures in 88 or more.

Found without a scan: the bits are dealt out over `BANDS` bands, and of two hashes that differ in fewer bits than there
are bands at least one band is equal. So eight reads by key find every picture within `NEAR` bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from gt_service.task_types import TaskType

SIDE = 16
"""Frequencies that are hashed, each way."""
BITS = SIDE * SIDE
BANDS = 8
NEAR = BANDS - 1
"""Bits that two hashes of one picture may differ in."""


@dataclass(frozen=True)
class Shape:
    """width and height: pixels of the upright picture."""

    width: int
    height: int


@dataclass(frozen=True)
class Likeness:
    """What a picture looks like. bits: the perceptual hash as a number."""

    bits: int
    shape: Shape

    @property
    def hexadecimal(self) -> str:
        return f"{self.bits:0{BITS // 4}x}"

    @property
    def bands(self) -> tuple[str, ...]:
        """One key for each band. Every eighth bit, so that a plain strip of a picture does not decide a whole band."""
        digits = f"{self.bits:0{BITS}b}"
        return tuple(f"{band}-{int(digits[band::BANDS], 2):0{BITS // BANDS // 4}x}" for band in range(BANDS))

    def distance(self, other: Likeness) -> int:
        return (self.bits ^ other.bits).bit_count()

    def is_near(self, other: Likeness, task: TaskType) -> bool:
        """Whether a label of the one is a label of the other, scaled at most."""
        return self.distance(other) <= NEAR and _may_share(self.shape, other.shape, task)


def _may_share(shape: Shape, other: Shape, task: TaskType) -> bool:
    if task in {TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL}:
        return True
    if task is not TaskType.OBJECT_DETECTION:  # a mask has the size of its image
        return (shape.width, shape.height) == (other.width, other.height)
    return has_proportions_of(shape, other)


def has_proportions_of(shape: Shape, other: Shape) -> bool:
    """Whether both are one picture at two sizes, but for the rounding of the smaller one's sides to whole pixels."""
    longest = max(shape.width, shape.height, other.width, other.height)
    return abs(shape.width * other.height - other.width * shape.height) <= longest
