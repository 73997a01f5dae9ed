package manifest

import (
	"io"
	"strings"

	"github.com/consentry/consentry/internal/ebml"
	"github.com/consentry/consentry/internal/flv"
	"github.com/consentry/consentry/internal/parts"
)

// uncarried looks for what a file of a container without a carrier may have instead: XMP that names a store elsewhere,
// and statements of a live stream that was recorded. C2PA 2.5, 11.8 and 15.5.3.
func (l *Located) uncarried(r io.ReaderAt, size int64) error {
	switch l.Container {
	case "mkv", "webm":
		f, err := ebml.Walk(r, size)
		if err != nil {
			return err
		}
		l.Matroska = f
		if f.DocType == "webm" { // the first bytes tell it only as most writers put it
			l.Container, l.NoCarrier = f.DocType, bare(f.DocType).noCarrier
		}
		l.remoteIn(f.Fields.List)
		in := parts.NewReader(r, size)
		for _, a := range f.Attachments {
			if l.Remote != "" || a.MediaType != "application/rdf+xml" && !strings.HasSuffix(strings.ToLower(a.Name), ".xmp") {
				continue
			}
			raw, err := in.Upto(a.Offset, min(a.Length, maxXMP))
			if err != nil {
				return err
			}
			l.Remote = provenanceOf(raw)
		}
	case "flv":
		f, err := flv.Walk(r, size)
		if err != nil {
			return err
		}
		l.Flash = f
		l.remoteIn(f.Fields.List)
		if f.Statements {
			l.NoCarrier += "; the stream has statements about itself (enhanced RTMP, C2PA 2.5, 15.5.3), which are not read"
		}
	}
	return nil
}

// remoteIn takes the first URL of a store that XMP among a file's fields names.
func (l *Located) remoteIn(list []parts.Field) {
	for _, x := range list {
		if l.Remote == "" {
			l.Remote = provenanceOf(x.Text[:min(len(x.Text), maxXMP)])
		}
	}
}
