"""How good a fit is: held-out votes, scores, reliability, posterior checks."""
