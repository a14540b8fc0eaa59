"""A fit of a chamber from votes to what-ifs, and what its folder holds."""
