"""Starting the product: supervisor, embedded broker, local mailbox, first start, sample newsroom."""
