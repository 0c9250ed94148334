"""Times the rows of tensorlet-gpu with PyTorch on the same GPU, and joins both reports.

    python3 torch-rows.py tensorlet-gpu.json > joined.md
"""
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = False  # Tensorlet multiplies in float32; so does PyTorch here
torch.backends.cudnn.allow_tf32 = False


def synchronize():
    if device == "cuda":
        torch.cuda.synchronize()


def milliseconds(call):
    """The median of seven batches of about 60 ms, of one call."""
    for _ in range(3):
        call()
    synchronize()
    start = time.perf_counter()
    call()
    synchronize()
    repeats = max(1, min(10_000, int(0.06 / max(1e-7, time.perf_counter() - start))))
    times = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        synchronize()
        times.append((time.perf_counter() - start) * 1000 / repeats)
    return statistics.median(times)


def random(*shape):
    return torch.randn(*shape, device=device)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.fc3(self.fc2(self.fc1(x.flatten(1)).relu()).relu())


class Gpt(nn.Module):
    def __init__(self, letters=64, context=64, layers=2, heads=4, size=128):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(letters, size), nn.Embedding(context, size)
        layer = nn.TransformerEncoderLayer(size, heads, 4 * size, dropout=0, activation="gelu", batch_first=True,
                                           norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, layers, nn.LayerNorm(size), enable_nested_tensor=False)
        self.head = nn.Linear(size, letters)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context))

    def forward(self, x):
        places = torch.arange(x.shape[1], device=x.device)
        return self.head(self.blocks(self.tokens(x) + self.positions(places), mask=self.mask, is_causal=True))


def step(net, x, y, classes=10):
    net.to(device)
    optimizer = torch.optim.SGD(net.parameters(), 0.01)

    def run():
        optimizer.zero_grad()
        F.cross_entropy(net(x).reshape(-1, classes), y).backward()
        optimizer.step()

    return run


def call_of(name):
    """The call that a row of Tensorlet times, from the row's name."""
    kind, _, size = name.rpartition(" ")
    if kind in ("add", "sigmoid", "gelu"):
        a, b = random(int(size)), random(int(size))
        return {"add": lambda: a + b, "sigmoid": lambda: a.sigmoid(), "gelu": lambda: F.gelu(a)}[kind]
    if kind == "matmul":
        a, b = random(int(size), int(size)), random(int(size), int(size))
        return lambda: a @ b
    if kind == "conv 3x3":
        n, c, side = map(int, size.split("x"))
        x, w = random(n, c, side, side), random(c, c, 3, 3)
        return lambda: F.conv2d(x, w, padding=1)
    if kind == "step":
        if size == "gpt":
            letters = torch.randint(64, (16, 64), device=device)
            return step(Gpt(), letters, torch.randint(64, (16 * 64,), device=device), 64)
        labels = torch.randint(10, (64,), device=device)
        if size == "lenet":
            return step(LeNet(), random(64, 1, 32, 32), labels)
        mlp = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
        return step(mlp, random(64, 784), labels)
    x = random(*map(int, size.split("x")))
    return {
        "softmax": lambda: x.softmax(1),
        "layer norm": lambda: F.layer_norm(x, x.shape[1:]),
        "sum rows": lambda: x.sum(1),
        "transposed copy": lambda: x.T.contiguous(),
    }[kind]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    hardware = torch.cuda.get_device_name() if device == "cuda" else "the processor"
    print(f"# {report['Device']} ({report['Hardware']}) beside PyTorch {torch.__version__} on {hardware}\n")
    print("| row | Tensorlet ms | PyTorch ms | ratio |\n| --- | ---: | ---: | ---: |")
    for row in report["Rows"]:
        name, ours = row["Name"], row["Milliseconds"]
        with torch.set_grad_enabled(name.startswith("step")):
            theirs = milliseconds(call_of(name))
        print(f"| {name} | {ours:.4f} | {theirs:.4f} | {theirs / ours:.2f} |")


main()
