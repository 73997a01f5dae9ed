package confine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// NewPinned copies a file of at most so many bytes into sealed memory and holds the copy's SHA-256, in hexadecimal,
// against the one that is wanted: what the child is handed is what was checked, whatever becomes of the file. Errors
// name the file without its folder: they reach reports, which are handed on.
func NewPinned(name, path, sha string, most int64) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the %s %s cannot be read: %w", name, filepath.Base(path), bare(err))
	}
	defer f.Close()
	sum := counted{Hash: sha256.New()}
	c, err := NewSealed(name, io.TeeReader(io.LimitReader(f, most+1), &sum))
	if err != nil {
		return nil, bare(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != sha || sum.n > most {
		c.Close()
		return nil, fmt.Errorf("%s is not the %s that is pinned: its sha256 begins with %.16s, not %.16s", filepath.Base(path), name, got, sha)
	}
	return c, nil
}

// bare is an error without the path that it is of.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

type counted struct {
	hash.Hash
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return c.Hash.Write(b)
}
