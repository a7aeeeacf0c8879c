"""Which part of a split an image belongs to: the same each time, and the same for an image and its duplicates. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gt_service.errors import InvalidInput
from gt_service.records.names import drawn

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """Shares of training, validation and test images. Each image is dealt out by itself, by a hash: an image that was
    in the test part stays there however the campaign grows, and the parts are of about the size that was asked for."""

    shares: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Split:
        """`80/10/10` or `80/20`: percentages for train/val/test. Errors: `InvalidInput`."""
        try:
            shares = tuple(int(share) for share in text.split("/"))
        except ValueError:
            shares = ()
        if len(shares) not in {2, 3} or min(shares) < 0 or sum(shares) != 100 or shares[0] == 0:
            raise InvalidInput(
                f"{text!r} is no split",
                remedy="Write percentages for train/val/test that add up to 100: 80/10/10, or 80/20.",
                field="split",
            )
        return cls(shares)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that get images."""
        return tuple(part for part, share in zip(PARTS, self.shares, strict=False) if share)

    def part(self, group: str) -> str:
        """The part of all images of a group: an image's own address, or that of the image it is a duplicate of."""
        place = 100 * drawn(group)
        for part, share in zip(PARTS, self.shares, strict=False):
            place -= share
            if place < 0:
                return part
        return self.parts[-1]
