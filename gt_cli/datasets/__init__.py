"""Images with known boxes for the demo and for audits: read from users' files, or drawn."""

from gt_cli.datasets.labeled import BoxesError, LabeledBox, LabeledImage, LabeledImages
from gt_cli.datasets.open_images import OpenImagesClass
from gt_cli.datasets.reading import read_boxes

__all__ = ["BoxesError", "LabeledBox", "LabeledImage", "LabeledImages", "OpenImagesClass", "read_boxes"]
