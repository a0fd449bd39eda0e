"""CPU-bound work in processes of its own: each with limits, each stopped with its job, none outliving its parent."""
