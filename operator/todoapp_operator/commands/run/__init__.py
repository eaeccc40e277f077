"""`todoappctl run`: a TodoApp as processes on this machine."""
