//go:build !cgo || noffmpeg

package main

import (
	"fmt"
	"os"

	"github.com/consentry/consentry/video"
)

// newDecoder returns nil: this binary was built without a decoder, so nothing that needs pixels is checked, and every
// report says so.
func newDecoder() video.Decoder { return nil }

// decodeChild is the decoder's child process; there is none in this build.
func decodeChild() int {
	fmt.Fprintln(os.Stderr, "consentry: error: this binary was built without a decoder")
	return exitUnknown
}
