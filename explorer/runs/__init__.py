"""Training runs of this server: asked for, started, steered, queued and compared."""
