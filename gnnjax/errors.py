"""The errors that gnnjax raises for input it cannot use; each message names the culprit and the remedy."""

import functools

__all__ = ["CheckpointError", "DataError", "GnnjaxError", "MemoryLimitError", "NonFiniteLossError", "RunError"]


class GnnjaxError(Exception):
    """Base of all errors of this library.

    >>> from gnnjax import data, errors
    >>> try:
    ...     data.load("nowhere.npz")
    ... except errors.GnnjaxError as error:
    ...     print(type(error).__name__, error, sep=": ")
    DataError: nowhere.npz: there is no such file; a script in data_prep/ makes it (see its --help)
    """


class DataError(GnnjaxError, ValueError):
    """A data file or dataset does not hold what it must; names the file, the graph and the field.

    >>> from gnnjax import data
    >>> data.from_arrays(None, [([0], [5])], [1], n_node=[2], name="mine")
    Traceback (most recent call last):
    ...
    gnnjax.errors.DataError: mine: graph 0, field 'edge_index': node 5 is outside 0 .. 1, the graph's nodes
    """


class CheckpointError(GnnjaxError, ValueError):
    """Weights do not fit the model that is to receive them.

    >>> from gnnjax import train
    >>> train.load_model("nowhere")
    Traceback (most recent call last):
    ...
    gnnjax.errors.CheckpointError: ...nowhere holds no model (no model.json)
    """


class RunError(GnnjaxError, ValueError):
    """A run cannot start as asked: unusable settings, or a folder that holds another run's results.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax import data, models, train
    >>> pairs = data.from_arrays(None, [([0], [1])] * 2, [0, 1], n_node=[2, 2])
    >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    >>> train.fit(model, pairs, {"train": np.array([0, 1])}, epochs=1)
    Traceback (most recent call last):
    ...
    gnnjax.errors.RunError: the split has nothing in its part 'valid'
    """


class MemoryLimitError(GnnjaxError, MemoryError):
    """What is asked for does not fit in memory; says how much it needs and what to use instead.

    >>> import numpy as np
    >>> from gnnjax import data
    >>> nodes, classes, none = np.ones((10**6, 1), np.float32), np.zeros(10**6, np.int32), np.array([], np.int32)
    >>> data.shortest_path_distances(data.NodeDataset("large", nodes, none, none, classes, num_classes=1))
    Traceback (most recent call last):
    ...
    gnnjax.errors.MemoryLimitError: large: the distance matrix of 1000000 nodes needs 2000.0 GB of memory ...
    """


class NonFiniteLossError(GnnjaxError, FloatingPointError):
    """Training met a loss or gradient that is not finite.

    Attributes:
      epoch: 0-based epoch of the first such step.
      step: 0-based step within that epoch.

    >>> import numpy as np
    >>> from flax import nnx
    >>> from gnnjax import data, errors, models, train
    >>> pairs = data.from_arrays([[[3e38], [3e38]]] * 2, [([0], [1])] * 2, [0, 1])
    >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    >>> try:
    ...     train.fit(model, pairs, {"train": np.array([0, 1]), "valid": np.array([0, 1])}, epochs=1, batch_size=2)
    ... except errors.NonFiniteLossError as error:
    ...     error.epoch, error.step
    (0, 0)
    """

    def __init__(self, message: str, *, epoch: int, step: int):
        super().__init__(message)
        self.epoch = epoch
        self.step = step

    def __reduce__(self):
        """Errors pass between processes, where their keyword arguments would be forgotten."""
        return functools.partial(type(self), epoch=self.epoch, step=self.step), self.args
