"""What explains an answer: asked of the worker, and the records that pages get."""
