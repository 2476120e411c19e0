"""The saved states of an article: kept small, listed, compared, brought back, thinned out."""
