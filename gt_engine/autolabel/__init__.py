"""Features, detector and classifier, thresholds with a guarantee."""

from gt_engine.autolabel.features import FeatureStore, FeatureView, ImageFacts, ImageProblem
from gt_engine.autolabel.learner import Learner, ModelFacts, Predictions, learner_for, model_facts
from gt_engine.autolabel.rounds import (
    AskPeople,
    AutoLabel,
    Finish,
    Guarantee,
    JobPlan,
    Progress,
    Round,
    next_step,
)

__all__ = [
    "AskPeople",
    "AutoLabel",
    "FeatureStore",
    "FeatureView",
    "Finish",
    "Guarantee",
    "ImageFacts",
    "ImageProblem",
    "JobPlan",
    "Learner",
    "ModelFacts",
    "Predictions",
    "Progress",
    "Round",
    "learner_for",
    "model_facts",
    "next_step",
]
