package manifest

import (
	"io"

	"github.com/consentry/consentry/report"
)

// Content is the bytes that a manifest speaks of, and how its store was found.
type Content struct {
	Data    io.ReaderAt
	Size    int64
	Located *Located
	Parts   []Part // fragments, in playback order, of the set whose initialization segment Data is
	// Rendition names the rendition whose initialization segment Data is, where there are several; others bring their
	// own among the parts. A fragment must belong to an initialization segment of its own rendition.
	Rendition string
	// Folder is the files that belong together, where the asset is a folder; nil: it is none.
	Folder *Folder
	// Detached says that the store does not come from Data: no range in Data may be left out on its account.
	Detached bool
	// Explain asks for [Binding.Rows].
	Explain bool
}

// Folder is a collection of files. C2PA 2.5, 16.3.4.
type Folder struct {
	// Names are the files, as paths with slashes below the folder, but for the manifest store in use, where that is a file.
	Names []string
	// Open gives a file of a name that need not be among Names; nil data and no error: there is none. What leads out of
	// the folder is an error.
	Open func(name string) (data io.ReaderAt, size int64, err error)
}

// Part is one file of a fragmented set.
type Part struct {
	Name      string      // for messages only
	Data      io.ReaderAt // nil: it is listed as part of the set, and is not there
	Size      int64
	Rendition string
	Init      bool // known to be an initialization segment; others are told by their boxes
}

// Range is a span of bytes in a file.
type Range struct {
	Offset int64
	Length int64
}

// End is the offset of the first byte behind the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// The states of a binding, as in the report's integrity.state. The zero value is [BindingUnknown]'s meaning: not checked.
const (
	BindingIntact   = "intact"    // every byte that has to be bound is the one that was signed
	BindingAltered  = "altered"   // something is not what was signed
	BindingPartial  = "partial"   // what is bound is as signed, but content lies outside of it or was not at hand
	BindingNotBound = "not-bound" // nothing binds this content
	BindingUnknown  = "unknown"   // it could not be checked
)

// Binding is what came of holding a hard binding against the content. C2PA 2.5, 14.12.
type Binding struct {
	Label    string              // of the assertion, e.g. c2pa.hash.bmff.v3
	State    string              // one of the Binding… constants; empty: not checked
	Findings []report.Finding    // status codes, in the order made
	Damage   []report.Damage     // what is not as signed, as closely as it can be told
	Cause    *report.Cause       // the change that explains a hash which differs, proved; nil: none was found
	Excluded []Exclusion         // what is not bound, and by which rule
	Unbound  []uint32            // ids of tracks with media data that nothing binds
	Parts    []PartBinding       // for a fragmented set: each file's own result
	Bound    int64               // bytes of Data (and of the parts) that are bound
	Algs     []string            // hash algorithms that were used
	Rows     []PlanRow           // every part of Data in order, where [Content.Explain] asks for it
	Digests  []PlanDigest        // what was computed and what was expected, where [Content.Explain] asks for it
	Notes    []string            // which readings of the specification were used, in plain words
	Missing  []report.NotChecked // what was not checked, and why
	// NotSupported says "not supported yet: …" where the binding needs what the package cannot do; no state then.
	NotSupported string
}

// Exclusion is a range that a binding leaves out.
type Exclusion struct {
	Range
	Path string // box path, where there is one
	Rule string // the exclusion that matched, in the words of the assertion
	// Expected says that the specification wants or allows the exclusion. C2PA 2.5, A.5.5.
	Expected bool
}

// PartBinding is the result for one file of a fragmented set.
type PartBinding struct {
	Name      string // empty: what is missing has no name
	Rendition string
	Init      bool
	State     string // intact, altered, missing, added, or unknown: nobody can judge it
	Why       string // plain words where State is not intact
	Location  int64  // place in its Merkle tree; -1: unknown
	UniqueID  int64
	LocalID   int64
}

// PartMissing is the state of a fragment that is bound, or listed, and not at hand.
const PartMissing = "missing"

// PartAdded is the state of a file that lies beside those that are bound, and is bound by nothing.
const PartAdded = "added"

// PlanRow is a part of the file in a binding: what was done with it, and why.
type PlanRow struct {
	Range
	Path     string // of the box; empty for bytes behind the last box
	Included bool
	Prefix   bool   // the box's offset goes into the digest in front of the range, as eight bytes
	Rule     string // the exclusion that matched, where Included is false
	Digest   string // which of [Binding.Digests] the bytes go into
}

// PlanDigest is one digest of a binding.
type PlanDigest struct {
	Name     string // "file", "initialization segment", "leaf 3 of mdat 0", …
	Alg      string
	Computed []byte
	Expected []byte // nil where only a row above it is stored
	OK       bool
}
