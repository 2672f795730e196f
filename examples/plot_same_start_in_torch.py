"""
The same start in PyTorch
=========================

:func:`skinit.initialize_` starts a PyTorch module by any of our initializers. From the same seed
it draws the weights that :class:`~skinit.InitMLPClassifier` starts from, and with the same batches
both libraries walk the same path.
"""

# %%
# A network of PyTorch's, started by name. Initializers that look at the data work too: give them
# rows with ``inputs=``.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

import skinit

warnings.simplefilter("ignore", ConvergenceWarning)  # 100 steps are what we want
torch.set_num_threads(1)  # the fastest for matrices as small as these
X, y = load_digits(return_X_y=True)
X = X / 16

model = torch.nn.Sequential(
    torch.nn.Linear(64, 32), torch.nn.Tanh(),
    torch.nn.Linear(32, 32), torch.nn.Tanh(),
    torch.nn.Linear(32, 10),
).double()  # fmt: skip
skinit.initialize_(model, "orthogonal", random_state=0)

# %%
# Plain gradient descent on all rows, in both libraries.

inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
theirs = []
for _ in range(100):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    optimizer.step()
    theirs.append(loss.item())

network = skinit.InitMLPClassifier(
    (32, 32), "tanh", init="orthogonal", solver="sgd", batch_size="full", momentum=0, alpha=0,
    learning_rate_init=0.5, max_iter=100, n_iter_no_change=np.inf, random_state=0,
)  # fmt: skip
ours = network.fit(X, y).loss_curve_

# %%
# Two curves that cannot be told apart, and how far they differ.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
axes[0].plot(ours, lw=4, alpha=0.4, label="skinit")
axes[0].plot(theirs, "--", color="k", lw=1, label="PyTorch")
axes[0].set(xlabel="step", ylabel="log loss (nats)")
axes[0].legend()
axes[1].semilogy(np.abs(np.subtract(ours, theirs)) + 1e-17)
axes[1].set(xlabel="step", ylabel="absolute difference")
print(f"largest difference: {np.abs(np.subtract(ours, theirs)).max():.1e}")

# %%
# The other way: a fitted network as a module, with :func:`skinit.to_torch`.

module = skinit.to_torch(network)
with torch.no_grad():
    p = torch.softmax(module(inputs), dim=1).numpy()
print(module)
print(f"largest difference of a probability: {abs(p - network.predict_proba(X)).max():.1e}")
