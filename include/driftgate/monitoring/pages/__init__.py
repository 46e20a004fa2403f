"""The pages of monitoring, made when they are opened."""
