"""The pictures of the sample newsroom, drawn by program; a development tool and no part of the product."""
