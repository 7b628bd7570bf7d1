"""How close renditions are to their source, measured by another FFmpeg than the engine's."""
