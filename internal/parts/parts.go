// Package parts says how a file is divided that is no ISO base media file: which parts it has, as C2PA's box hashes
// name them, which of them carry a manifest store, and where that lies byte for byte. The walkers of RIFF, ID3, Ogg,
// JPEG and PNG all answer in its words.
//
// Parts stand in the order of the file, their pieces do not overlap and lie inside the file, whatever the file says of
// itself; what is wrong with it is a [Problem]. A walker's error means I/O or one of our limits ([*LimitError]). Start with [File].
package parts

import "fmt"

// Range is a span of bytes in the file.
type Range struct{ Offset, Length int64 }

// End is the offset of the first byte behind the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// StoreName is the name of the part that carries the manifest store. C2PA 2.5, 16.3.3.
const StoreName = "C2PA"

// Part is a part of the file.
type Part struct {
	Name string // as c2pa.hash.boxes names it; empty: it has no name there
	Path string // for messages: /RIFF[1]/data[1]
	Range
	// Spans are its pieces, where other parts lie between them; nil: it is in one piece, which Range is.
	Spans []Range
	// Meta says that nothing which is shown or heard depends on the part.
	Meta bool
}

// Pieces are the bytes of the part, in order.
func (p *Part) Pieces() []Range {
	if p.Spans == nil {
		return []Range{p.Range}
	}
	return p.Spans
}

// Store is a place where the container carries a manifest store.
type Store struct {
	Path string
	// Outer is where it lies with all that the container puts around it: chunk header and pad byte, frame header,
	// segment headers.
	Outer []Range
	// Inner is where the store's own bytes lie, padding included, one range behind the other.
	Inner []Range
	// Wrap are bytes of the container that may be left out of a hash together with the store: the header of the tag.
	Wrap []Range
	// Data is the store where its bytes do not stand in the file as they are; nil: they do.
	Data []byte
	// Fault says in plain words why it cannot be read.
	Fault string
	// Misplaced says in plain words that it stands where the specification does not put it.
	Misplaced string
}

// Kind is a sort of problem.
type Kind string

// The kinds of problems.
const (
	Truncated Kind = "truncated" // a part reaches past the end of the file
	Malformed Kind = "malformed" // the container's own structure is broken
	Trailing  Kind = "trailing"  // bytes behind the container's end
)

// Problem is something that is wrong with the container.
type Problem struct {
	Kind   Kind
	Offset int64
	Path   string
	Text   string
}

// File is what a walk found.
type File struct {
	Parts  []Part
	Stores []Store
	XMP    []Range // packets of XMP, as they stand in the file
	Free   []Range // bytes of parts that are not Meta which may be left out of a hash all the same: size fields
	// Boxes says that box hashes are defined for the container, with the names of Parts.
	Boxes    bool
	Problems []Problem
}

// maxProblems bounds the list of problems: a broken file needs no more to be called broken.
const maxProblems = 64

// Problem notes that something is wrong.
func (f *File) Problem(k Kind, offset int64, path, format string, args ...any) {
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, Problem{k, offset, path, fmt.Sprintf(format, args...)})
	}
}

// MaxParts is how many parts a file may have. A part is a chunk, a frame or a segment and takes some 120 bytes; a PNG
// of half a gigabyte in chunks of 8 KiB has this many.
const MaxParts = 1 << 16

// Add appends a part; past [MaxParts] it fails.
func (f *File) Add(p Part) error {
	if len(f.Parts) >= MaxParts {
		return &LimitError{What: "parts", Limit: MaxParts, Offset: p.Offset}
	}
	f.Parts = append(f.Parts, p)
	return nil
}

// LimitError says that a file needs more than one of our limits allows.
type LimitError struct {
	What   string
	Limit  int64
	Offset int64 // where in the file
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("parts: more than %d %s (at offset %d)", e.Limit, e.What, e.Offset)
}
