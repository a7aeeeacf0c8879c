"""Labels of an output manifest in the forms that other tools read: COCO, YOLO, Pascal VOC, augmented manifest."""

from gt_service.exports.export import Format, export_labels, exported_files
from gt_service.exports.images import ExportedFile, LabeledImage, Who, label_width, labeled_images
from gt_service.exports.writers import augmented_manifest, coco, voc, yolo

__all__ = [
    "ExportedFile",
    "Format",
    "LabeledImage",
    "Who",
    "augmented_manifest",
    "coco",
    "export_labels",
    "exported_files",
    "label_width",
    "labeled_images",
    "voc",
    "yolo",
]
