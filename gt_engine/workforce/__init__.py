"""Who answers: people in a browser, or simulated annotators."""

from gt_engine.workforce.simulated import Answer, SimulatedWorkforce

__all__ = ["Answer", "SimulatedWorkforce"]
