"""Where each file of a labeling job's output lies.

    <root> = OutputConfig.S3OutputPath + LabelingJobName
    certificate.json
    manifests/output/output.manifest
    annotations/worker-response/iteration-<N>/<object id>/<time>.json
    annotations/consolidated-annotation/consolidation-request/iteration-<N>/<time>.json
    annotations/consolidated-annotation/consolidation-response/iteration-<N>/<time>.json
    annotations/intermediate/<N>/annotations.json
    annotation-tool/data.json, annotation-tool/template.liquid
    activelearning/auto-annotation/<N>/output/auto_annotator_output.txt
    activelearning/validation/<N>/output/certificate.json
    inference/<N>/output/unlabeled.manifest.out
    left-out-predictions/predictions.jsonl    the engine's own: what its model says of people's labels that it never saw
    training/<N>/input/train.manifest
    training/<N>/output/<training job>/output/model.tar.gz
    proposals/iteration-<N>/<first place>.jsonl    the machine's labels that people were shown to correct
    temp/                                     the engine's own checkpoints while the job runs

Source: developer guide sms-data-output. Readers take the iteration from fixed places in these paths: the third part
from the end of auto_annotator_output.txt and the fifth from the end of model.tar.gz must be a bare number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gt_service.objects import S3Uri
from gt_service.outputs.layout import CERTIFICATE, LEFT_OUT_PREDICTIONS, ONNX_MODEL

FILE_TIME = "%Y-%m-%d_%H:%M:%S"


@dataclass(frozen=True)
class JobTree:
    root: S3Uri
    job_name: str

    @classmethod
    def of(cls, output_path: str, job_name: str) -> JobTree:
        """The tree beneath S3OutputPath; a path without a closing slash gets one."""
        return cls(S3Uri.parse(output_path, field="S3OutputPath") / job_name, job_name)

    @property
    def job_certificate(self) -> S3Uri:
        """What the job's promise rests on, signed."""
        return self.root / CERTIFICATE

    @property
    def output_manifest(self) -> S3Uri:
        return self.root / "manifests/output/output.manifest"

    def worker_response(self, iteration: int, object_id: str, time: datetime) -> S3Uri:
        folder = f"annotations/worker-response/iteration-{iteration}/{object_id}"
        return self.root / f"{folder}/{time.strftime(FILE_TIME)}.json"

    def consolidation(self, kind: str, iteration: int, time: datetime) -> S3Uri:
        """`kind` is `request` or `response`."""
        folder = f"annotations/consolidated-annotation/consolidation-{kind}/iteration-{iteration}"
        return self.root / f"{folder}/{time.strftime(FILE_TIME)}.json"

    def worker_responses(self, iteration: int) -> S3Uri:
        return self.root / f"annotations/worker-response/iteration-{iteration}/"

    def consolidation_folder(self, kind: str, iteration: int) -> S3Uri:
        return self.root / f"annotations/consolidated-annotation/consolidation-{kind}/iteration-{iteration}/"

    def training(self, iteration: int) -> S3Uri:
        return self.root / f"training/{iteration}/"

    def intermediate_annotations(self, iteration: int) -> S3Uri:
        return self.root / f"annotations/intermediate/{iteration}/annotations.json"

    def all_proposals(self, iteration: int) -> S3Uri:
        return self.root / f"proposals/iteration-{iteration}/"

    def proposals(self, iteration: int, first: int) -> S3Uri:
        """What people see of the objects from place `first` on in the order of asking."""
        return self.root / f"proposals/iteration-{iteration}/{first:09}.jsonl"

    @property
    def label_categories(self) -> S3Uri:
        return self.root / "annotation-tool/data.json"

    @property
    def template(self) -> S3Uri:
        return self.root / "annotation-tool/template.liquid"

    def auto_annotations(self, iteration: int) -> S3Uri:
        return self.root / f"activelearning/auto-annotation/{iteration}/output/auto_annotator_output.txt"

    def certificate(self, iteration: int) -> S3Uri:
        return self.root / f"activelearning/validation/{iteration}/output/certificate.json"

    def inference(self, iteration: int) -> S3Uri:
        return self.root / f"inference/{iteration}/output/unlabeled.manifest.out"

    @property
    def left_out_predictions(self) -> S3Uri:
        return self.root / LEFT_OUT_PREDICTIONS

    @property
    def model_to_take_away(self) -> S3Uri:
        return self.root / ONNX_MODEL

    def training_manifest(self, iteration: int) -> S3Uri:
        return self.root / f"training/{iteration}/input/train.manifest"

    def model(self, iteration: int) -> S3Uri:
        return self.root / f"training/{iteration}/output/{self.training_job(iteration)}/output/model.tar.gz"

    def training_job(self, iteration: int) -> str:
        """The training job's and the model's name: at most 63 characters and no other job's."""
        name = self.job_name.lower()
        digest = sha256(f"{name}/{iteration}".encode()).hexdigest()[:8]
        return f"{name[:48].rstrip('-')}-{iteration}-{digest}"

    @property
    def temp(self) -> S3Uri:
        """The prefix of everything that is deleted when the job has ended."""
        return self.root / "temp/"

    def checkpoint(self, version: int) -> S3Uri:
        return self.temp / f"checkpoint-{version:06}.json.gz"

    @property
    def all_facts(self) -> S3Uri:
        return self.temp / "facts-"

    def facts(self, first: int) -> S3Uri:
        """Facts of the objects from place `first` on."""
        return self.temp / f"facts-{first:09}.json.gz"

    def facts_ahead(self, number: int) -> S3Uri:
        """Facts of objects that were looked at before their turn, after `number` others had been."""
        return self.temp / f"facts-ahead-{number:09}.json.gz"

    def looked(self, first: int) -> S3Uri:
        """What a chunk found out of the objects from place `first` on."""
        return self.temp / f"looked-{first:09}.json"

    def question(self, name: str, part: str) -> S3Uri:
        """What is to be predicted: `part` is `ids` or `model`."""
        return self.temp / f"predict-{name}/{part}"

    def predicted(self, name: str, first: int) -> S3Uri:
        """What a chunk predicted of the objects of a question from place `first` on."""
        return self.temp / f"predict-{name}/{first:09}.json"

    def learnt(self, name: str, part: str) -> S3Uri:
        """A training, for a step that waits for what it predicts: `part` is `model` or `report`."""
        return self.temp / f"learnt-{name}/{part}"

    def features(self, first: int) -> S3Uri:
        """Features of the objects from place `first` on."""
        return self.temp / f"features-{first:09}.npy"

    @property
    def all_opinions(self) -> S3Uri:
        return self.temp / "opinions-"

    def opinions(self, first: int) -> S3Uri:
        """What the user's own model says of the objects from place `first` on."""
        return self.temp / f"opinions-{first:09}.json.gz"

    @property
    def image_facts(self) -> S3Uri:
        """The facts of all objects in one table, a row for each line of the manifest."""
        return self.temp / "images.table"

    @property
    def manifest_copy(self) -> S3Uri:
        return self.temp / "input.manifest"

    @property
    def line_places(self) -> S3Uri:
        """Where each line of the copy begins, and where the last one ends."""
        return self.temp / "input.places"
