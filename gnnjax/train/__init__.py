"""Training: losses, jitted steps, the loop, checkpoints."""

from gnnjax.train.callbacks import Callback
from gnnjax.train.checkpoints import Checkpoints
from gnnjax.train.evaluation import Evaluation, accuracy, evaluate
from gnnjax.train.loop import FitResult, fit
from gnnjax.train.losses import information_loss, prediction_loss
from gnnjax.train.optimizers import adam_l2
from gnnjax.train.schedules import RSchedule
from gnnjax.train.steps import GSATObjective, StepOutput, TrainState, create_state, make_eval_step, make_train_step

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
    "evaluate",
    "fit",
    "information_loss",
    "make_eval_step",
    "make_train_step",
    "prediction_loss",
]
