// Package ogg walks the pages of an Ogg file, sorts them by logical bitstream, and finds the manifest store: the first
// packet of a bitstream of its own that begins with "\0c2pa". RFC 3533; C2PA 2.5, A.3.7 and 16.3.3.3.
//
// It keeps where each bitstream's pages lie, joined where they touch, and reads page headers only. Checksums of pages
// are not verified: what binds the bytes is the manifest's hash. Start with [Walk].
package ogg

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// Limits of a file; docs/limits.md has the reasons and the tests.
const (
	maxStreams = 256     // logical bitstreams; films have a handful, chained radio some hundred
	maxSpans   = 1 << 18 // runs of pages of one bitstream: four hours of sound and picture interleaved
)

const (
	magic  = "\x00c2pa"
	header = 27
	// continued and first are flags of a page. RFC 3533, 6.
	continued = 1
	first     = 2
)

// Walk reads the pages of a file.
func Walk(r io.ReaderAt, size int64) (*parts.File, error) {
	w := &walker{r: parts.NewReader(r, size), file: &parts.File{Boxes: true}, bySerial: map[uint32]*stream{}}
	at := int64(0)
	for at < size {
		next, err := w.page(at)
		if err != nil {
			return nil, err
		}
		if next == at {
			break
		}
		at = next
	}
	return w.file, w.finish(at)
}

type walker struct {
	r        *parts.Reader
	file     *parts.File
	streams  []*stream
	bySerial map[uint32]*stream
	spans    int
}

// stream is a logical bitstream.
type stream struct {
	serial uint32
	spans  []parts.Range
	store  bool
	inner  []parts.Range // of the store's packet
	done   bool          // the packet has ended
	next   uint32        // sequence number of the next page
	fault  string
}

// page reads one page and gives the offset behind it; the same where there is none.
//
//	page { char capture[4] = "OggS"; uint8 version = 0, flags; int64 granule; uint32 serial, sequence, checksum;
//	       uint8 segments; uint8 lacing[segments]; bytes }
func (w *walker) page(at int64) (int64, error) {
	h, err := w.r.Upto(at, header+255)
	if err != nil {
		return 0, err
	}
	if len(h) < header || string(h[:4]) != "OggS" || h[4] != 0 || len(h) < header+int(h[26]) {
		return at, nil
	}
	flags, serial, sequence, lacing := h[5], binary.LittleEndian.Uint32(h[14:]), binary.LittleEndian.Uint32(h[18:]), h[header:header+int(h[26])]
	body := at + header + int64(len(lacing))
	end, packet, whole := body, int64(0), false // the first packet's bytes in this page, and whether it ends here
	for _, l := range lacing {
		end += int64(l)
		if !whole {
			packet += int64(l)
			whole = l < 255
		}
	}
	if end > w.r.Size {
		w.file.Problem(parts.Truncated, at, "the last page", "the page at offset %d ends behind the end of the file", at)
		packet, end = max(0, min(packet, w.r.Size-body)), w.r.Size
	}
	s, err := w.stream(serial, at)
	if err != nil {
		return 0, err
	}
	if flags&first != 0 && len(s.spans) == 0 && packet >= int64(len(magic)) {
		m, err := w.r.Bytes(body, int64(len(magic)))
		if err != nil {
			return 0, err
		}
		s.store, s.next = string(m) == magic, sequence
	}
	if s.store {
		s.collect(flags, sequence, body, packet, whole, w.r.Size)
	}
	return end, w.span(s, parts.Range{Offset: at, Length: end - at})
}

// collect takes what a page holds of the store's packet.
func (s *stream) collect(flags byte, sequence uint32, body, packet int64, whole bool, size int64) {
	switch {
	case s.done && packet > 0:
		s.fault = "the manifest's bitstream holds more than the store"
	case sequence != s.next:
		s.fault = "a page of the manifest's bitstream is missing or out of order"
	case len(s.inner) > 0 && flags&continued == 0 && !s.done:
		s.fault = "the store's packet ends before the store does"
	}
	s.next = sequence + 1
	if s.done {
		return
	}
	if len(s.inner) == 0 {
		body, packet = body+int64(len(magic)), packet-int64(len(magic))
	}
	s.inner = append(s.inner, parts.Range{Offset: body, Length: min(packet, size-body)})
	s.done = whole
}

func (w *walker) stream(serial uint32, at int64) (*stream, error) {
	s := w.bySerial[serial]
	if s == nil {
		if len(w.streams) == maxStreams {
			return nil, &parts.LimitError{What: "logical bitstreams", Limit: maxStreams, Offset: at}
		}
		s = &stream{serial: serial}
		w.streams, w.bySerial[serial] = append(w.streams, s), s
	}
	return s, nil
}

func (w *walker) span(s *stream, p parts.Range) error {
	if n := len(s.spans); n > 0 && s.spans[n-1].End() == p.Offset {
		s.spans[n-1].Length += p.Length
		return nil
	}
	if w.spans++; w.spans > maxSpans {
		return &parts.LimitError{What: "runs of pages", Limit: maxSpans, Offset: p.Offset}
	}
	s.spans = append(s.spans, p)
	return nil
}

// finish makes the parts of what was found; at is where the pages end.
func (w *walker) finish(at int64) error {
	for _, s := range w.streams {
		p := parts.Part{Name: fmt.Sprintf("Stream-%d", s.serial), Spans: s.spans, Meta: s.store}
		hull := parts.Range{Offset: s.spans[0].Offset}
		hull.Length = s.spans[len(s.spans)-1].End() - hull.Offset
		p.Path, p.Range = "/"+p.Name, hull
		if s.store {
			p.Name = parts.StoreName
			if !s.done && s.fault == "" {
				s.fault = "the store's packet does not end"
			}
			if len(w.file.Stores) < 2 {
				w.file.Stores = append(w.file.Stores, parts.Store{Path: p.Path, Outer: s.spans, Inner: s.inner, Fault: s.fault})
			}
		}
		if err := w.file.Add(p); err != nil {
			return err
		}
	}
	if at >= w.r.Size {
		return nil
	}
	w.file.Problem(parts.Trailing, at, "behind the last page", "%d bytes at offset %d are no page", w.r.Size-at, at)
	return w.file.Add(parts.Part{Path: "behind the last page", Range: parts.Range{Offset: at, Length: w.r.Size - at}})
}
