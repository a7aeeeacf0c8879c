"""Who answers: people in a browser, or simulated annotators."""

from gt_engine.workforce.answers import Answer
from gt_engine.workforce.simulated import SimulatedWorkforce

__all__ = ["Answer", "SimulatedWorkforce"]
