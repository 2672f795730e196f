"""Use an installed skinit as a newcomer would, away from its checkout."""

from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skinit

assert "site-packages" in skinit.__file__, f"this is the checkout: {skinit.__file__}"
X, y = load_iris(return_X_y=True)
network = skinit.InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=50, tol=1e-2)
assert network.fit(X, y).score(X, y) > 0.9
assert skinit.diagnose(network.set_params(init="zeros", warm_start=False), X, y) is not None
comparison = skinit.compare_initializers(
    make_pipeline(StandardScaler(), network), X, y, init=["zeros", "he"], cv=3, progress=False
)
comparison.to_html("report.html")
assert "he" in Path("report.html").read_text(encoding="utf-8")
print(f"skinit {skinit.__version__}: {comparison.sentence()}")
