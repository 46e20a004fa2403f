"""The parameters of the network that a use case may set, with their ranges."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from driftgate.training.parameters import TrainerParameters

Width = Annotated[int, Field(gt=0, le=4096)]
NumericEmbedding = Literal["none", "periodic", "piecewise_linear"]


class TorchParameters(TrainerParameters):
    """Sizes and rates of the network. An iteration is an epoch: every training row once.

    A word column gets a vector per category, of at most ``embedding_max`` numbers. ``numeric_embedding`` spreads a
    number over several before the first layer (Gorishniy et al. 2022): ``periodic`` learns frequencies,
    ``piecewise_linear`` places it between quantiles. ``unseen_share`` of the words are hidden in every epoch, so that
    the vector of an unseen or missing category is learnt too; it and ``dropout`` come in steps of 1/256. ``amp``
    computes in bfloat16 on a GPU; ``compile`` hands the network to ``torch.compile``, which needs a C++ compiler and
    takes a minute. ``deterministic`` lets a GPU add in one order only, so that the same spec gives the same bytes; a
    compiled network is twice as fast without.
    """

    model_config = ConfigDict(strict=True)

    hidden_sizes: Annotated[tuple[Width, ...], Field(min_length=1, max_length=12)] = (128, 64)
    embedding_max: Annotated[int, Field(gt=0, le=600)] = 32
    numeric_embedding: NumericEmbedding = "none"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    unseen_share: Annotated[float, Field(ge=0, lt=0.5)] = 0.01
    # Adam moves every weight by about the rate in each step: above 0.1, weights that begin near 0.1 are only noise.
    learning_rate: Annotated[float, Field(gt=0, le=0.1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-5
    batch_size: Annotated[int, Field(gt=1, le=1_048_576)] = 1024
    epochs: Annotated[int, Field(gt=0)] = 30
    early_stopping_round: Annotated[int, Field(ge=0)] = 5  # epochs without a gain; 0 turns it off
    gradient_clip_norm: Annotated[float, Field(gt=0)] = 1.0
    amp: bool = True
    compile: bool = False
    deterministic: bool = True
