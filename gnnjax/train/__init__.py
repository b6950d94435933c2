"""Training: losses, jitted steps, the loop, checkpoints."""

from gnnjax.train.callbacks import Callback
from gnnjax.train.checkpoints import Checkpoints
from gnnjax.train.evaluation import Evaluation, accuracy, evaluate
from gnnjax.train.loop import FitResult, fit
from gnnjax.train.losses import information_loss, prediction_loss
from gnnjax.train.optimizers import adam_l2
from gnnjax.train.schedules import RSchedule
from gnnjax.train.steps import GSATObjective, StepOutput, TrainState, create_state, eval_step, train_step

__all__ = [
    "Callback",
    "Checkpoints",
    "Evaluation",
    "FitResult",
    "GSATObjective",
    "RSchedule",
    "StepOutput",
    "TrainState",
    "accuracy",
    "adam_l2",
    "create_state",
    "eval_step",
    "evaluate",
    "fit",
    "information_loss",
    "prediction_loss",
    "train_step",
]
