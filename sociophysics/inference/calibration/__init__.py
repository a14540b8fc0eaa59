"""Parameters of a society from waves of stances, and whether these data can tell them."""
