//go:build race && cgo && !noonnx && linux

package onnx_test

// raceFactor is what the race detector takes of memory.
const raceFactor = 4
