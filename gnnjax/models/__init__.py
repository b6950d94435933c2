"""Graph and node classifiers, and the attention that explains them."""

from gnnjax.models.backbone import Backbone, ClassifierOutput, GraphClassifier, Readout
from gnnjax.models.build import BACKBONES, build_backbone
from gnnjax.models.gin import GIN
from gnnjax.models.graph_convolution import GraphConvolution
from gnnjax.models.graph_transformer import AttentionKind, GraphTransformer
from gnnjax.models.gsat import GSAT, GSATOutput
from gnnjax.models.node_classifiers import FAMILY_FLOWS, Family, build_node_classifier
from gnnjax.models.node_inputs import Flow, NodeInputs, node_inputs
from gnnjax.models.pna import PNA
from gnnjax.models.spmotifnet import SPMotifNet
from gnnjax.models.torch_weights import export_torch_weights, import_torch_weights
from gnnjax.models.wrapped import FunctionBackbone, LinenBackbone

__all__ = [
    "BACKBONES",
    "FAMILY_FLOWS",
    "GIN",
    "GSAT",
    "PNA",
    "AttentionKind",
    "Backbone",
    "ClassifierOutput",
    "Family",
    "Flow",
    "FunctionBackbone",
    "GSATOutput",
    "GraphClassifier",
    "GraphConvolution",
    "GraphTransformer",
    "LinenBackbone",
    "NodeInputs",
    "Readout",
    "SPMotifNet",
    "build_backbone",
    "build_node_classifier",
    "export_torch_weights",
    "import_torch_weights",
    "node_inputs",
]
