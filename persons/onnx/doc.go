// Package onnx runs networks with ONNX Runtime 1.32 through onnxruntime_go, in this process. The library is loaded when
// [Open] is called and not before: a program that does not call it starts as if the package were not there.
//
// The library is C++ code that works on pictures from untrusted files, and a model is a program of its own: use the
// package in the child of persons/jail, or for files that you trust. Without cgo, or with the build tag noonnx, Open
// returns a [persons.Error] with the reason "unavailable".
package onnx
