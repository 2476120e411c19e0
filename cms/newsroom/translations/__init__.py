"""Articles that are translations of one another: started, linked, and known to lag behind."""
