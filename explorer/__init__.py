"""ViT Explorer: the app. It asks vitcore for everything a model says."""
