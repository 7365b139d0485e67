"""What a passed vote does to the community: one module for each type of effect."""
