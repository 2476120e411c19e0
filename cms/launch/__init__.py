"""Starting the product: the supervisor, the embedded broker, the local mailbox, the first start, the sample newsroom."""
