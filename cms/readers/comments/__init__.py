"""Comments: what readers say below articles, who of them is heard, and how moderators decide."""
