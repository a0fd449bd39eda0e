"""Kokoro-82M, the offline engine: Mandarin and English, 24 kHz, on the CPU through ONNX Runtime."""
