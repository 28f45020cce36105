#!/usr/bin/env python3
"""Times training steps of Mult-VAE in PyTorch, as docs/measure-gpu.sh runs it beside vaecf's.

    python torch_step.py PREPARED_FOLDER --batch 500 [--steps 200] [--tf32] [--compile] [--dense-feed]

The strongest form by default: the batch's ones go to the GPU as two rows of indices, the dense input
is made there, Adam is fused. --dense-feed is the usual form: dense rows made on the CPU and copied,
plain Adam. One line of JSON: users a second, milliseconds a step, and the most memory of the GPU.
"""
import argparse, json, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

p = argparse.ArgumentParser()
p.add_argument("folder")
p.add_argument("--batch", type=int, default=500)
p.add_argument("--steps", type=int, default=200)
p.add_argument("--warm-up", type=int, default=20)
p.add_argument("--tf32", action="store_true")
p.add_argument("--compile", action="store_true")
p.add_argument("--dense-feed", action="store_true")
a = p.parse_args()

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = a.tf32
items = sum(1 for line in open(f"{a.folder}/unique_sid.txt") if line.strip())
pairs = np.loadtxt(f"{a.folder}/train.csv", delimiter=",", skiprows=1, dtype=np.int64)
pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
user, item = np.unique(pairs[:, 0], return_inverse=True)[1], pairs[:, 1]
users = int(user[-1]) + 1
ends = np.searchsorted(user, np.arange(users + 1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1, self.e2 = nn.Linear(items, 600), nn.Linear(600, 400)
        self.d1, self.d2 = nn.Linear(200, 600), nn.Linear(600, items)

    def forward(self, x, beta):
        h = F.dropout(F.normalize(x), 0.5)
        mu, lv = self.e2(torch.tanh(self.e1(h))).chunk(2, 1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        logits = self.d2(torch.tanh(self.d1(z)))
        nll = -(F.log_softmax(logits, 1) * x).sum(1).mean()
        return nll + beta * (0.5 * (mu * mu + lv.exp() - lv - 1)).sum(1).mean()


torch.manual_seed(1)
net = Net().to(device)
optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, fused=not a.dense_feed and device == "cuda")
loss_of = torch.compile(net) if a.compile else net
beta = torch.tensor(0.1, device=device)
rng = np.random.default_rng(1)


def ones(order):
    """Rows and columns of the ones of some users."""
    lengths = ends[order + 1] - ends[order]
    columns = item[np.concatenate([np.arange(ends[u], ends[u + 1]) for u in order])]
    return torch.from_numpy(np.stack([np.repeat(np.arange(len(order)), lengths), columns]))


def dense(places, on):
    x = torch.zeros(size, items, device=on)
    x[places[0], places[1]] = 1
    return x


# Which users, and their ones, is settled before the clock starts: timed is the step with its input's way to the GPU.
size = min(a.batch, users)
batches = [ones(rng.permutation(users)[:size]) for _ in range(8)]
if device == "cuda":
    batches = [one.pin_memory() for one in batches]


def step(number):
    places = batches[number % 8]
    x = dense(places, "cpu").to(device) if a.dense_feed else dense(places.to(device, non_blocking=True), device)
    loss = loss_of(x, beta)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss


def sync():
    if device == "cuda":
        torch.cuda.synchronize()


for number in range(a.warm_up):
    loss = step(number)
sync()
start = time.time()
for number in range(a.steps):
    loss = step(number)
sync()
seconds = time.time() - start
print(json.dumps({
    "torch": torch.__version__, "batch": a.batch, "tf32": a.tf32, "compile": a.compile, "dense_feed": a.dense_feed,
    "users_per_second": round(size * a.steps / seconds), "step_millis": round(seconds / a.steps * 1e3, 3),
    "memory_mebibytes": round(torch.cuda.max_memory_allocated() / 2**20) if device == "cuda" else None, "loss": round(loss.item(), 2)}))
