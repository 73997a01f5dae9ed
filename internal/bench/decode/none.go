//go:build !cgo || !linux || noffmpeg

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "decode: error: this build has no decoder")
	os.Exit(2)
}
