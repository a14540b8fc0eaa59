"""Models of votes, each with ``fit``, by the convention of scikit-learn."""
