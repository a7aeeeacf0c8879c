"""Features, detector and classifier, thresholds with a guarantee."""

from gt_engine.autolabel.certify import Guarantee, Method
from gt_engine.autolabel.features import FeatureStore, FeatureView
from gt_engine.autolabel.images import ImageFacts, ImageProblem
from gt_engine.autolabel.learner import Learner, Learnt, Predictions, TrainingSet
from gt_engine.autolabel.learners import learner_for
from gt_engine.autolabel.payload import ModelFacts, model_facts
from gt_engine.autolabel.progress import AskPeople, Progress, Round
from gt_engine.autolabel.rounds import AutoLabel, Finish, JobPlan, next_step

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
    "Learnt",
    "Method",
    "ModelFacts",
    "Predictions",
    "Progress",
    "Round",
    "TrainingSet",
    "learner_for",
    "model_facts",
    "next_step",
]
