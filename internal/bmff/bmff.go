// Package bmff walks the boxes of an ISO base media file (MP4, MOV, M4A, 3GP, HEIF, DASH segments) and tells where
// everything is: path, offset, size. ISO/IEC 14496-12:2022 and the QuickTime File Format.
//
// It reads headers and small tables only, never media, through an [io.ReaderAt], and treats every number in the file
// as a claim: a box that ends past its parent or past the file is clipped and reported, and the walk goes on where the
// rest can be judged. What is wrong with the file comes back as [Problem]s; an error means I/O or one of our limits.
// Boxes inside a movie fragment are not kept, so that memory stays small for files of many fragments: [File.Expand]
// reads them again when asked.
//
// It refuses to guess: no searching for boxes inside damaged ranges, no external data. Start with [Walk].
package bmff

import "fmt"

// FourCC is a box type, brand or handler: four bytes, most of the time ASCII.
type FourCC uint32

// CC makes a FourCC of the first four bytes of s; missing bytes count as spaces.
func CC(s string) FourCC {
	b := [4]byte{' ', ' ', ' ', ' '}
	copy(b[:], s)
	return FourCC(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
}

// String gives the four bytes as they stand in the file; they need not be valid UTF-8.
func (t FourCC) String() string {
	return string([]byte{byte(t >> 24), byte(t >> 16), byte(t >> 8), byte(t)})
}

// Box is a box as it lies in the file.
type Box struct {
	Offset int64 // of the first byte of its header, from the start of the file
	Size   int64 // bytes, header included; clipped to what is there
	Type   FourCC
	Index  uint32 // 1-based, among the siblings of the same type
	Flags  uint32 // 24 bits
	Header uint8  // bytes of size, type and largesize: 8 or 16; the user type of a uuid box comes after them
	// Full says that the box is a FullBox: Version and Flags hold.
	Full    bool
	Version uint8
	// Clipped says that the box declares to reach past its parent or past the file.
	Clipped bool
	inner   *inner
}

// inner is what few boxes have, kept apart because a file may have very many boxes: nil for one at the top level that
// nothing more is known of. Boxes of which the same is known share one.
type inner struct {
	parent   *Box
	children []*Box
	userType [16]byte
	plain    bool
}

// End is the offset of the first byte behind the box.
func (b *Box) End() int64 { return b.Offset + b.Size }

// Payload is the offset of the first byte behind the size, type and largesize fields.
func (b *Box) Payload() int64 { return b.Offset + int64(b.Header) }

// Parent is the box around this one, or nil at the top level.
func (b *Box) Parent() *Box {
	if b.inner == nil {
		return nil
	}
	return b.inner.parent
}

// Depth is the number of boxes around this one: 0 at the top level.
func (b *Box) Depth() int {
	n := 0
	for p := b.Parent(); p != nil; p = p.Parent() {
		n++
	}
	return n
}

// Children are the boxes inside, in the order of the file; none where the walk does not go inside.
func (b *Box) Children() []*Box {
	if b.inner == nil {
		return nil
	}
	return b.inner.children
}

// UserType is the 16-byte type of a uuid box; zero for every other box.
func (b *Box) UserType() [16]byte {
	if b.inner == nil {
		return [16]byte{}
	}
	return b.inner.userType
}

// Child is the first box inside of the given type, or nil.
func (b *Box) Child(t FourCC) *Box {
	for _, c := range b.Children() {
		if c.Type == t {
			return c
		}
	}
	return nil
}

// Path is where the box stands, as in C2PA's xpath with all indices: /moov[1]/trak[2].
func (b *Box) Path() string {
	own := fmt.Sprintf("/%s[%d]", b.Type, b.Index)
	if p := b.Parent(); p != nil {
		return p.Path() + own
	}
	return own
}

// Kind is a sort of problem with the container.
type Kind string

// The kinds of problems.
const (
	Truncated Kind = "truncated"  // a top-level box reaches past the end of the file
	PastOuter Kind = "past-outer" // a box reaches past the box around it
	BadSize   Kind = "bad-size"   // a size that is smaller than the header
	Trailing  Kind = "trailing"   // bytes behind the last box that are too few for a header
	TooDeep   Kind = "too-deep"   // nested deeper than [Limits] allow: not read
	BadField  Kind = "bad-field"  // a table or field that cannot be as it says
	Repeated  Kind = "repeated"   // a second box where one may be
)

// Problem is something that is wrong with the container.
type Problem struct {
	Kind   Kind
	Offset int64  // where in the file
	Path   string // of the box; empty at the top level
	Text   string // plain words; text of the file is quoted
}

// Limits bound what a walk may use. Zero members stand for the defaults.
type Limits struct {
	Boxes int // boxes that are kept
	Depth int // levels below the top
}

// LimitError says that a file needs more than one of our limits allows.
type LimitError struct {
	What  string
	Limit int64
	// Offset is where in the file the limit was passed.
	Offset int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("bmff: more than %d %s (at offset %d)", e.Limit, e.What, e.Offset)
}

// Plain says that the box holds other boxes and nothing else, so that C2PA's xpath goes through it.
func (b *Box) Plain() bool { return b.inner != nil && b.inner.plain }
