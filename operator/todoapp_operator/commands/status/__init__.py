"""`todoappctl status`: one TodoApp with its conditions and all that it has become."""
