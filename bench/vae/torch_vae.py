"""The network of model.ppl in torch: Adam at 1e-3, batches of 256, one draw a row, for so many epochs. Prints milliseconds a
step and the ELBO of the rows that were held out, in nats a row, over 64 draws of each. Usage: torch_vae.py FOLDER EPOCHS [double]"""
import sys
import time

import numpy
import torch

folder, epochs = sys.argv[1], int(sys.argv[2])
torch.set_default_dtype(torch.float64 if "double" in sys.argv[3:] else torch.float32)
torch.manual_seed(1)
train = torch.tensor(numpy.load(f"{folder}/train.npy"), dtype=torch.get_default_dtype())
test = torch.tensor(numpy.load(f"{folder}/test.npy"), dtype=torch.get_default_dtype())
D, H, Z = 784, 200, 20
normal = lambda *n: torch.nn.Parameter(torch.randn(*n) / n[-1] ** 0.5 if len(n) > 1 else 0.1 * torch.randn(*n))
W1, b1, W2, b2 = normal(H, Z), normal(H), normal(D, H), normal(D)
V1, c1, Vm, cm, Vs, cs = normal(H, D), normal(H), normal(Z, H), normal(Z), normal(Z, H), normal(Z)
adam = torch.optim.Adam([W1, b1, W2, b2, V1, c1, Vm, cm, Vs, cs], lr=1e-3)


def elbo(x):
    h = torch.tanh(x @ V1.T + c1)
    mean, logsd = h @ Vm.T + cm, h @ Vs.T + cs
    z = mean + torch.exp(logsd) * torch.randn_like(mean)
    logit = torch.tanh(z @ W1.T + b1) @ W2.T + b2
    loglik = -torch.nn.functional.binary_cross_entropy_with_logits(logit, x, reduction="none").sum(1)
    return loglik + (logsd - 0.5 * z * z + 0.5 * ((z - mean) / torch.exp(logsd)) ** 2).sum(1)


steps, begun = 0, time.time()
for epoch in range(epochs):
    order = torch.randperm(len(train))
    for i in range(0, len(train), 256):
        adam.zero_grad()
        (-elbo(train[order[i:i + 256]]).mean()).backward()
        adam.step()
        steps += 1
seconds = time.time() - begun
with torch.no_grad():
    held = sum(elbo(test) for _ in range(64)) / 64
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {torch.get_default_dtype()}: {1000 * seconds / steps:.1f} ms a step, "
      f"{epochs} epochs, held out {held.mean():.2f} ± {held.std() / len(held) ** 0.5:.2f} nats a row")
