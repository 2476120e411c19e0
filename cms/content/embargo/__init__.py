"""Articles under embargo: kept apart from what is published, for those who may read them early."""
