"""Recognisers by transducers and CTC models in ONNX form, run by the libraries sherpa-onnx and onnx-asr."""
