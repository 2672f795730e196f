"""The network and its training: arrays in, arrays out; knows no scikit-learn estimator."""
