"""Labels of an output manifest in the forms that other tools read, with their images beside them where asked for.

    files = export.files(); pictures = export.images()

One writer for each form in `writers/`; what they share (names, parts, the labels of a line) is here.
"""

from gt_service.exports.export import Export, Format
from gt_service.exports.images import ExportedFile, ExportedImage, LabeledImage, Who, label_width, labeled_images
from gt_service.exports.split import Split

__all__ = [
    "Export",
    "ExportedFile",
    "ExportedImage",
    "Format",
    "LabeledImage",
    "Split",
    "Who",
    "label_width",
    "labeled_images",
]
