package manifest

import (
	"context"
	"errors"
	"io"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/report"
)

// Located says where in an asset the manifest store is. C2PA 2.5, 14.5.
type Located struct {
	Container  string           // by content: mp4, mov, m4a, m4v, 3gp, heif, avif, avi, wav, webp, mp3, flac, …; empty: unknown
	Carrier    string           // how the container carries a store: bmff-uuid; empty: it has none that is read
	Store      []byte           // the store's bytes without padding; nil: none found
	StoreRange Range            // of the box that carries the store, in the file
	Update     []byte           // the store of an "update" box beside an "original" one; nil: none
	File       *bmff.File       // the boxes, for a BMFF container
	Findings   []report.Finding // about the container and the place of the store
	Multiple   bool             // more than one store: none is judged
	Malformed  bool             // there is a store and it cannot be read; Findings say why
	Remote     string           // a manifest URL that the file names (dcterms:provenance); never fetched here
	// NotSupported says "not supported yet: …" where C2PA defines a carrier that the package does not read.
	NotSupported string
	// NoCarrier says "this container has no C2PA carrier: …" where none is defined.
	NoCarrier string
}

// Locate tells the container by its content and finds the manifest store in it. An error means I/O, cancellation or a
// limit; what is wrong with the file is in the findings. C2PA 2.5, 14.5 and A.5.
func Locate(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (*Located, error) {
	return nil, errLocateMissing
}

var errLocateMissing = errors.New("manifest: finding the store is not built yet")
