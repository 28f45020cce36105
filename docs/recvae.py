"""RecVAE in PyTorch, written from the paper to compare with: how long an epoch takes, and how good
the model becomes. Shenbin et al.: RecVAE: a New Variational Autoencoder for Top-N Recommendations
with Implicit Feedback, WSDM 2020, sections 3.2 to 3.5.

    python3 docs/recvae.py DATA [--rounds N] [--threads N] [--seed N] [--validate]

DATA is a prepared folder. A round is three passes over the users in which the encoder learns, and
one in which the decoder does; the gradients of what does not learn are not computed. Prints a line a
round, and at the end the mean seconds of a pass, without the first round. Needs torch, numpy, scipy.
"""

import argparse
import copy
import math
import time
from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from torch import nn


class Encoder(nn.Module):
    """Five densely connected layers with swish and layer normalisation (section 3.2)."""

    def __init__(self, items, width, latent):
        super().__init__()
        inputs = [items] + 4 * [width]
        self.linear = nn.ModuleList(nn.Linear(size, width) for size in inputs)
        self.norm = nn.ModuleList(nn.LayerNorm(width, eps=0.1) for _ in inputs)
        self.mean = nn.Linear(width, latent)
        self.log_variance = nn.Linear(width, latent)

    def forward(self, rows, dropout):
        hidden = nn.functional.dropout(nn.functional.normalize(rows), dropout)
        total = 0
        for linear, norm in zip(self.linear, self.norm):
            hidden = norm(nn.functional.silu(linear(hidden) + total))
            total = total + hidden
        return self.mean(hidden), self.log_variance(hidden)


def log_normal(at, mean, log_variance):
    return -0.5 * (log_variance + math.log(2 * math.pi) + (at - mean) ** 2 * torch.exp(-log_variance))


class RecVae(nn.Module):
    def __init__(self, items, width=600, latent=200):
        super().__init__()
        self.encoder = Encoder(items, width, latent)
        self.decoder = nn.Linear(latent, items)
        self.refresh_prior()

    def refresh_prior(self):
        self.old_encoder = copy.deepcopy(self.encoder).requires_grad_(False)

    def loss(self, rows, gamma, dropout):
        mean, log_variance = self.encoder(rows, dropout)
        latent = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        zero = torch.zeros(1)
        prior = torch.logsumexp(
            torch.stack(
                [
                    math.log(3 / 20) + log_normal(latent, zero, zero),
                    math.log(3 / 4) + log_normal(latent, *self.old_encoder(rows, 0)),
                    math.log(1 / 10) + log_normal(latent, zero, zero + 10),
                ]
            ),
            dim=0,
        )
        divergence = (log_normal(latent, mean, log_variance) - prior).sum(1)
        likelihood = (rows * torch.log_softmax(self.decoder(latent), dim=1)).sum(1)
        return (gamma * rows.sum(1) * divergence - likelihood).mean()

    @torch.no_grad()
    def scores(self, rows):
        return self.decoder(self.encoder(rows, 0)[0])


def pairs(file):
    return np.loadtxt(file, delimiter=",", skiprows=1, dtype=np.int64).reshape(-1, 2)


def matrix(coordinates, first_user, shape):
    ones = np.ones(len(coordinates), dtype=np.float32)
    rows = coordinates[:, 0] - first_user
    return scipy.sparse.csr_matrix((ones, (rows, coordinates[:, 1])), shape=shape)


def ndcg_at_100(model, histories, held_out):
    """Binary NDCG@100 (Liang et al. 2018, section 4.2)."""
    discount = 1 / np.log2(np.arange(2, 102))
    ideal = np.concatenate([[0], np.cumsum(discount)])
    gains = []
    for start in range(0, histories.shape[0], 500):
        seen = torch.from_numpy(histories[start : start + 500].toarray())
        scores = model.scores(seen).masked_fill(seen > 0, -math.inf)
        ranked = torch.topk(scores, min(100, scores.shape[1])).indices.numpy()
        wanted = held_out[start : start + 500].toarray()
        hits = np.take_along_axis(wanted, ranked, axis=1)
        counts = wanted.sum(1).astype(int)
        found = hits @ discount[: hits.shape[1]]
        some = counts > 0
        gains.append(found[some] / ideal[np.minimum(counts[some], 100)])
    return np.concatenate(gains).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0 for one a core")
    parser.add_argument("--seed", type=int, default=98765)
    parser.add_argument("--gamma", type=float, default=0.005)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)

    items = len((options.data / "unique_sid.txt").read_text().splitlines())
    coordinates = pairs(options.data / "train.csv")
    users = coordinates[:, 0].max() + 1
    train = matrix(coordinates, 0, (users, items))
    if options.validate:
        seen = pairs(options.data / "validation_tr.csv")
        first, last = seen[:, 0].min(), seen[:, 0].max()
        shape = (last - first + 1, items)
        histories = matrix(seen, first, shape)
        held_out = matrix(pairs(options.data / "validation_te.csv"), first, shape)

    model = RecVae(items)
    encoder = torch.optim.Adam(model.encoder.parameters(), lr=options.learning_rate)
    decoder = torch.optim.Adam(model.decoder.parameters(), lr=options.learning_rate)

    def one_pass(optimizer, dropout):
        model.encoder.requires_grad_(optimizer is encoder)
        model.decoder.requires_grad_(optimizer is decoder)
        start = time.perf_counter()
        order = random.permutation(users)
        for first in range(0, users, options.batch_size):
            rows = torch.from_numpy(train[order[first : first + options.batch_size]].toarray())
            optimizer.zero_grad()
            model.loss(rows, options.gamma, dropout).backward()
            optimizer.step()
        return time.perf_counter() - start

    seconds = []
    for number in range(1, options.rounds + 1):
        passes = [one_pass(encoder, 0.5) for _ in range(3)]
        model.refresh_prior()
        passes.append(one_pass(decoder, 0))
        if number > 1 or options.rounds == 1:
            seconds += passes
        quality = f", ndcg@100 {ndcg_at_100(model, histories, held_out):.4f}" if options.validate else ""
        print(f"round {number}: " + ", ".join(f"{one:.2f} s" for one in passes) + quality, flush=True)
    print(f"seconds per epoch: {np.mean(seconds):.3f}")


main()
