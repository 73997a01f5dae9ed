// Package forge makes signed video files for tests, and breaks them in ways that have names.
//
// It has its own certificate authority, its own time-stamp authority, a fixed clock and a fixed seed, and its own
// small encoders for CBOR, JUMBF, BMFF, COSE and RFC 3161: it shares no code with the readers that its files test, so
// that a misreading of the specification (C2PA 2.5) in one of them is not in the other as well. Only tests import it.
//
// It refuses to be careful: a [Recipe] with hooks makes every kind of wrong file, and panics where it is itself used
// wrongly. Start with [Make]; the zero Recipe is a good file. [Good] lists good files and [Corruptions] breaks them.
package forge

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"time"
)

// Clock is the time at which everything is made: certificates are valid around it, and files are to be judged at it.
var Clock = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// Built is a file with what the forge knows about it.
type Built struct {
	Data       []byte            // the file
	Parts      [][]byte          // the fragments' files, of a set whose initialization segment Data is
	Renditions []Rendition       // further renditions of a set, with the same store
	Folder     map[string][]byte // the files of a folder that the manifest is for
	Store      []byte            // the manifest store as embedded, without padding; of the update box where there are two
	Roots      []Span            // the top-level boxes, in order
	Places     Places            // of a file of a Carrier: where things lie
	Detached   bool              // the store is not in Data
	Claims     map[string]Bytes  // by manifest label
	Signatures map[string]Bytes  // COSE_Sign1, by manifest label
	Labels     []string          // manifest labels in the order of the store; the last is the active one
}

// Bytes is a byte string with a name that fits in a map.
type Bytes = []byte

// Span is a box of the file: its type and where it lies.
type Span struct {
	Type         string
	Offset, Size int64
}

// drbg is a deterministic stream of bytes: SHA-256 over a label and a counter. It is an io.Reader.
type drbg struct {
	label string
	n     uint64
	buf   []byte
}

func newDRBG(label string) *drbg { return &drbg{label: "consentry test seed 1: " + label} }

// Read fills p; it never fails.
func (d *drbg) Read(p []byte) (int, error) {
	for i := range p {
		if len(d.buf) == 0 {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(d.label), d.n))
			d.buf, d.n = sum[:], d.n+1
		}
		p[i], d.buf = d.buf[0], d.buf[1:]
	}
	return len(p), nil
}

// random returns n bytes that depend on the label alone.
func random(label string, n int) []byte {
	b := make([]byte, n)
	_, _ = newDRBG(label).Read(b)
	return b
}

// digest hashes with an algorithm by its C2PA name. C2PA 2.5, 12.1.
func digest(alg string, b []byte) []byte {
	switch alg {
	case "sha384":
		s := sha512.Sum384(b)
		return s[:]
	case "sha512":
		s := sha512.Sum512(b)
		return s[:]
	default:
		s := sha256.Sum256(b)
		return s[:]
	}
}

// must stops the test: an error in the forge is a bug of the forge.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("forge: %v", err))
	}
	return v
}
