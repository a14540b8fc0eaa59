"""The compiled ways to make a sweep, and the rule that chooses one."""
