"""Labels of an output manifest in the forms that other tools read: COCO, YOLO, Pascal VOC, augmented manifest."""

from gt_service.exports.export import Format, export_labels
from gt_service.exports.images import ExportedFile, LabeledImage, label_width, labeled_images
from gt_service.exports.writers import augmented_manifest, coco, voc, yolo

__all__ = [
    "ExportedFile",
    "Format",
    "LabeledImage",
    "augmented_manifest",
    "coco",
    "export_labels",
    "label_width",
    "labeled_images",
    "voc",
    "yolo",
]
