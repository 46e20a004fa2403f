"""The network: what it makes of a row of the matrix, and how it is scored.

The same :class:`Rows` stands before the network in training (once, for all rows) and in the exported graph, so a
request is prepared exactly as the rows that were learnt from.
"""

import math
from typing import Any

import numpy as np
import torch  # noqa: TID253  only the trainer imports this module, when it trains
from numpy.typing import NDArray
from torch import Tensor, nn  # noqa: TID253

from driftgate.models import Preprocessing
from driftgate.training.network.parameters import NumericEmbedding, TorchParameters
from driftgate.training.network.share import LEVELS, Share

Prepared = tuple[
    Tensor, Tensor, Tensor
]  # codes of words (0: missing or unseen), standardised numbers, which are missing
FREQUENCIES, FREQUENCY_SCALE = 16, 0.1  # of a number's periodic embedding; the scale is what 2 pi times a number has
BINS = 16  # of a number's piecewise linear embedding
NARROWEST_BIN = 0.01  # standard deviations: narrower ones would make a step of a rounding error
NUMBER_WIDTH = 8  # numbers that an embedded number becomes
LEAST_STD = 1e-12  # of a numeric column; below, it is a constant


class Rows(nn.Module):  # type: ignore[misc]  # mypy does not read torch
    """Splits rows of the matrix into codes, standardised numbers and what is missing; learns nothing."""

    def __init__(self, preprocessing: Preprocessing, matrix: NDArray[np.float64]) -> None:
        super().__init__()
        numeric = [place for place, one in enumerate(preprocessing.features) if one.kind == "numeric"]
        known = matrix[:, numeric]
        mean, std = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
        missing = [place for place in numeric if np.isnan(matrix[:, place]).any()]
        self._constant("mean", mean, torch.float32)
        self._constant("std", np.where(std > LEAST_STD, std, 1.0), torch.float32)
        self._constant("categorical", preprocessing.categorical, torch.int64)
        self._constant("numeric", numeric, torch.int64)
        self._constant("may_miss", missing, torch.int64)
        self.sizes = [len(one.categories) for one in preprocessing.features if one.kind == "categorical"]

    def _constant(self, name: str, values: Any, kind: torch.dtype) -> None:
        self.register_buffer(name, torch.tensor(np.asarray(values), dtype=kind))

    def forward(self, matrix: Tensor) -> Prepared:
        words, numbers = matrix[:, self.categorical], matrix[:, self.numeric]
        codes = torch.where(torch.isnan(words), 0, words + 1).to(torch.int64)
        standard = torch.where(torch.isnan(numbers), 0, (numbers - self.mean) / self.std)
        return codes, standard, torch.isnan(matrix[:, self.may_miss]).to(torch.float32)


class Network(nn.Module):  # type: ignore[misc]
    """Embeddings of words and numbers, then layers of normalised, rectified sums, then one number."""

    def __init__(self, rows: Rows, numbers: NDArray[np.float32], parameters: TorchParameters, share: Share) -> None:
        """Begin with weights that are drawn from torch's generator.

        :param numbers: the standardised training rows, whose quantiles are the edges of a piecewise linear embedding
        """
        super().__init__()
        widths = [embedding_width(size, parameters.embedding_max) for size in rows.sizes]
        self.words = nn.ModuleList(
            nn.Embedding(size + 1, width) for size, width in zip(rows.sizes, widths, strict=True)
        )
        self.numbers, width = _embedded_numbers(parameters.numeric_embedding, numbers)
        width += sum(widths) + len(rows.may_miss)
        layers: list[nn.Module] = []
        for size in parameters.hidden_sizes:
            # Not batch normalisation: a row's score must not depend on the rows that it is scored or learnt with.
            layers += [
                nn.Linear(width, size),
                nn.LayerNorm(size),
                nn.ReLU(inplace=True),
                Dropout(parameters.dropout, share),
            ]
            width = size
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))

    def forward(self, codes: Tensor, numbers: Tensor, missing: Tensor) -> Tensor:
        words = [embedding(codes[:, place]) for place, embedding in enumerate(self.words)]
        return self.layers(torch.cat([*words, self.numbers(numbers), missing], dim=1)).squeeze(1)


class Scoring(nn.Module):  # type: ignore[misc]
    """A network as it serves: a row of the matrix in, a probability or a value in the label's unit out."""

    def __init__(self, rows: Rows, network: Network, unit: tuple[float, float] | None) -> None:
        """:param unit: mean and standard deviation of a regression's labels, None of a binary problem"""
        super().__init__()
        self.rows, self.network, self.unit = rows, network, unit

    def forward(self, matrix: Tensor) -> Tensor:
        found = self.network(*self.rows(matrix))
        return torch.sigmoid(found) if self.unit is None else found * self.unit[1] + self.unit[0]


def embedding_width(categories: int, most: int) -> int:
    """Return how many numbers stand for a category: 1.6 n^0.56, the rule of fastai (Howard and Gugger 2020)."""
    return min(most, max(1, round(1.6 * math.pow(categories, 0.56))))


class Dropout(nn.Module):  # type: ignore[misc]
    """Dropout whose draws are those of the whole batch, so that processes that split a batch drop what one would."""

    def __init__(self, rate: float, share: Share) -> None:
        super().__init__()
        self._dropped, self._share = round(rate * LEVELS), share

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or not self._dropped:
            return values
        kept = self._share.draw(values.shape[1], values.device) >= self._dropped
        return values * (kept * (LEVELS / (LEVELS - self._dropped)))


def _embedded_numbers(kind: NumericEmbedding, numbers: NDArray[np.float32]) -> tuple[nn.Module, int]:
    """Return the embedding of all numbers, and how wide its output is."""
    count = numbers.shape[1]
    if kind == "none" or not count:
        return nn.Identity(), count
    spread = Periodic(count) if kind == "periodic" else PiecewiseLinear(numbers)
    return nn.Sequential(spread, PerNumber(count, spread.width)), count * NUMBER_WIDTH


class Periodic(nn.Module):  # type: ignore[misc]
    """Sines and cosines of each number, with learnt frequencies (Gorishniy et al. 2022)."""

    width = 2 * FREQUENCIES

    def __init__(self, count: int) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(torch.randn(count, FREQUENCIES) * FREQUENCY_SCALE)

    def forward(self, numbers: Tensor) -> Tensor:
        angles = 2 * math.pi * numbers.unsqueeze(2) * self.frequencies
        return torch.cat([torch.sin(angles), torch.cos(angles)], dim=2)


class PiecewiseLinear(nn.Module):  # type: ignore[misc]
    """How far each number is through each bin between its quantiles (Gorishniy et al. 2022)."""

    width = BINS

    def __init__(self, numbers: NDArray[np.float32]) -> None:
        super().__init__()
        edges = np.quantile(numbers, np.linspace(0, 1, BINS + 1), axis=0).T
        widths = np.diff(edges, axis=1)
        wide = widths >= NARROWEST_BIN
        self.register_buffer("left", torch.tensor(edges[:, :-1], dtype=torch.float32))
        self.register_buffer(
            "slope", torch.tensor(np.where(wide, 1 / np.where(wide, widths, 1), 0), dtype=torch.float32)
        )

    def forward(self, numbers: Tensor) -> Tensor:
        return torch.clamp((numbers.unsqueeze(2) - self.left) * self.slope, 0, 1)


class PerNumber(nn.Module):  # type: ignore[misc]
    """A small layer of its own for each number; all of them at once."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.weights = nn.Parameter(torch.empty(count, width, NUMBER_WIDTH).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(count, NUMBER_WIDTH).uniform_(-bound, bound))

    def forward(self, spread: Tensor) -> Tensor:
        summed = torch.einsum("nfk,fkd->nfd", spread, self.weights) + self.bias
        return torch.relu(summed).flatten(1)
