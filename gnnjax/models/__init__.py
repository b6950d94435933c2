"""Graph classifiers, and the attention that explains them."""

from gnnjax.models.backbone import Backbone, ClassifierOutput
from gnnjax.models.build import BACKBONES, build_backbone
from gnnjax.models.gin import GIN
from gnnjax.models.gsat import GSAT, GSATOutput
from gnnjax.models.pna import PNA
from gnnjax.models.spmotifnet import SPMotifNet
from gnnjax.models.torch_weights import export_torch_weights, import_torch_weights

__all__ = [
    "BACKBONES",
    "GIN",
    "GSAT",
    "PNA",
    "Backbone",
    "ClassifierOutput",
    "GSATOutput",
    "SPMotifNet",
    "build_backbone",
    "export_torch_weights",
    "import_torch_weights",
]
