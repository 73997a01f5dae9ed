//go:build cgo && !noffmpeg

package main

import (
	"runtime"

	"github.com/consentry/consentry/video"
	"github.com/consentry/consentry/video/ffmpeg"
	"github.com/consentry/consentry/video/jail"
)

// newDecoder decodes in a child process of this binary.
func newDecoder() video.Decoder { return &jail.Decoder{} }

// decodeChild is the decoder's child process.
func decodeChild() int { return jail.Serve(ffmpeg.Decoder{Threads: runtime.NumCPU()}) }
