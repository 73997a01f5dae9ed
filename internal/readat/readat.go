// Package readat reads an [io.ReaderAt] all or nothing: a file that became shorter while it was read is an error, never
// a shorter answer. It refuses to retry. Start with [Full].
package readat

import (
	"errors"
	"fmt"
	"io"
)

// Full fills p from the offset. The error names who asked, and is [io.ErrUnexpectedEOF] where the file ends early.
func Full(who string, r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // the file became shorter while it was read
	}
	return fmt.Errorf("%s: read at offset %d: %w", who, at, err)
}
