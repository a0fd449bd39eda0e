"""Speech by models of an operator, in the formats of sherpa-onnx."""
