"""What runs a model: one file per implementation, a fake beside them."""
