package manifest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/id3"
	"github.com/consentry/consentry/internal/ogg"
	"github.com/consentry/consentry/internal/parts"
	"github.com/consentry/consentry/internal/riff"
	"github.com/consentry/consentry/internal/still"
	"github.com/consentry/consentry/report"
)

// The [Located.Carrier] of other files than BMFF. C2PA 2.5, A.1.
const (
	CarrierRIFF = "riff-chunk"
	CarrierID3  = "id3-geob"
	CarrierOgg  = "ogg-stream"
	CarrierJPEG = "jpeg-app11"
	CarrierPNG  = "png-chunk"
)

// walks are the walkers by carrier. A store of more than most bytes is over the limit, where a walker has to hold it.
var walks = map[string]func(r io.ReaderAt, size, most int64) (*parts.File, error){
	CarrierRIFF: func(r io.ReaderAt, size, _ int64) (*parts.File, error) { return riff.Walk(r, size) },
	CarrierID3:  id3.Walk,
	CarrierOgg:  func(r io.ReaderAt, size, _ int64) (*parts.File, error) { return ogg.Walk(r, size) },
	CarrierJPEG: func(r io.ReaderAt, size, _ int64) (*parts.File, error) { return still.JPEG(r, size) },
	CarrierPNG:  func(r io.ReaderAt, size, _ int64) (*parts.File, error) { return still.PNG(r, size) },
}

// containerClauses say what a file that is no BMFF file is made of, and where it ends.
var containerClauses = map[string]string{
	CarrierRIFF: "RIFF 1.0, 2",
	CarrierID3:  "ID3v2.4.0, 3",
	CarrierOgg:  "RFC 3533, 6",
	CarrierJPEG: "ISO/IEC 10918-1, B.1",
	CarrierPNG:  "PNG 3, 5",
}

// divide walks a file that is no BMFF file and takes its store. C2PA 2.5, 14.5.2.
func (l *Located) divide(r io.ReaderAt, size int64, carrier string, lim Limits) error {
	f, err := walks[carrier](r, size, lim.Store)
	if err != nil {
		var limit *parts.LimitError
		if errors.As(err, &limit) {
			return &LimitError{What: limit.What, Limit: limit.Limit, Where: fmt.Sprintf("offset %d", limit.Offset)}
		}
		return err
	}
	l.Parts = f
	for _, p := range f.Problems {
		code := map[parts.Kind]string{parts.Truncated: "asset.truncated", parts.Malformed: "asset.malformed", parts.Trailing: "asset.trailingBytes"}[p.Kind]
		found := report.New(code, "", p.Text).At(p.Path, p.Offset)
		found.Clause = containerClauses[carrier]
		l.add(found)
	}
	in := parts.NewReader(r, size)
	switch len(f.Stores) {
	case 0:
	case 1:
		l.Carrier = carrier
		if err := l.take(in, &f.Stores[0], lim); err != nil {
			return err
		}
	default:
		l.Carrier, l.Multiple = carrier, true
		a, b := f.Stores[0].Outer[0].Offset, f.Stores[1].Outer[0].Offset
		l.add(report.Newf("asset.multipleStores", "", "more than one part of the file carries a manifest store; the first two are at offsets %d and %d", a, b).At(f.Stores[1].Path, b))
	}
	for _, x := range f.XMP {
		raw, err := in.Upto(x.Offset, min(x.Length, maxXMP))
		if err != nil {
			return err
		}
		if l.Remote = provenanceOf(raw); l.Remote != "" {
			break
		}
	}
	return nil
}

// take reads a store's bytes without what follows them. Their number is that of the JUMBF box, held against what is
// there before memory is set aside. ISO/IEC 19566-5, B.2.
func (l *Located) take(r *parts.Reader, s *parts.Store, lim Limits) error {
	last := s.Outer[len(s.Outer)-1]
	l.StoreRange = Range{s.Outer[0].Offset, last.End() - s.Outer[0].Offset}
	broken := func(format string, args ...any) {
		l.Malformed = true
		l.add(report.Newf(codeInaccessible, "", format, args...).At(s.Path, l.StoreRange.Offset))
	}
	if s.Fault != "" {
		broken("%s", s.Fault)
		return nil
	}
	if s.Misplaced != "" {
		l.add(report.New(codeMoved, "", s.Misplaced).At(s.Path, l.StoreRange.Offset))
	}
	have := int64(len(s.Data))
	if s.Data == nil {
		for _, x := range s.Inner {
			have += x.Length
		}
	}
	head, err := gather(r, s, min(have, 16))
	if err != nil {
		return err
	}
	if len(head) < 8 || string(head[4:8]) != "jumb" {
		broken("there is no JUMBF superbox where the store should be")
		return nil
	}
	size := int64(binary.BigEndian.Uint32(head))
	switch {
	case size == 0:
		size = have
	case size == 1 && len(head) == 16:
		size = int64(min(binary.BigEndian.Uint64(head[8:]), 1<<62))
	}
	switch {
	case size < 8 || size > have:
		broken("the store says that it has %d bytes; the file has %d there", size, have)
		return nil
	case size > lim.Store:
		return &LimitError{What: "bytes in the manifest store", Limit: lim.Store, Where: s.Path}
	}
	l.Store, err = gather(r, s, size)
	return err
}

// gather gives the first n bytes of a store.
func gather(r *parts.Reader, s *parts.Store, n int64) ([]byte, error) {
	if s.Data != nil {
		return s.Data[:n:n], nil
	}
	out := make([]byte, 0, n)
	for _, x := range s.Inner {
		for at, end := x.Offset, x.Offset+min(x.Length, n-int64(len(out))); at < end; {
			b, err := r.Bytes(at, min(end-at, 64<<10))
			if err != nil {
				return nil, err
			}
			out, at = append(out, b...), at+int64(len(b))
		}
	}
	return out, nil
}
