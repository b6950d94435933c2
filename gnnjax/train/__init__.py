"""Training: losses, jitted steps, the loop, checkpoints."""

from gnnjax.train.callbacks import Callback
from gnnjax.train.checkpoints import Checkpoints
from gnnjax.train.evaluation import Evaluation, accuracy, regression_errors, roc_auc
from gnnjax.train.loop import FitResult, fit
from gnnjax.train.losses import information_loss, prediction_loss
from gnnjax.train.node_classification import NodeFit, fit_nodes
from gnnjax.train.optimizers import adam_l2
from gnnjax.train.passes import evaluate
from gnnjax.train.pretrained import load_classifier, save_classifier
from gnnjax.train.saved_model import check_same_features, load_model, save_model
from gnnjax.train.schedules import Plateau, RSchedule
from gnnjax.train.steps import (
    ClassifierObjective,
    GSATObjective,
    StepOutput,
    TrainState,
    create_state,
    make_eval_step,
    make_train_step,
)
from gnnjax.train.watchdog import CollapseWarning, CollapseWatchdog, unneeded_attention

__all__ = [
    "Callback",
    "Checkpoints",
    "ClassifierObjective",
    "CollapseWarning",
    "CollapseWatchdog",
    "Evaluation",
    "FitResult",
    "GSATObjective",
    "NodeFit",
    "Plateau",
    "RSchedule",
    "StepOutput",
    "TrainState",
    "accuracy",
    "adam_l2",
    "check_same_features",
    "create_state",
    "evaluate",
    "fit",
    "fit_nodes",
    "information_loss",
    "load_classifier",
    "load_model",
    "make_eval_step",
    "make_train_step",
    "prediction_loss",
    "regression_errors",
    "roc_auc",
    "save_classifier",
    "save_model",
    "unneeded_attention",
]
