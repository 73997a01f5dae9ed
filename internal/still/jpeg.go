// Package still walks JPEG and PNG files, segment by segment and chunk by chunk, and finds the manifest store in them:
// a JUMBF box in APP11 segments, or a caBX chunk. ITU-T T.81, Annex B; ISO/IEC 18477-3, Annex B and 19566-5, Annex D;
// PNG 1.2; C2PA 2.5, A.3.1, A.3.3 and 16.3.3.3.
//
// It decodes no picture. Of entropy-coded data it reads every byte, since only there stands where they end. Start with
// [JPEG] and [PNG].
package still

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// The markers that matter. ITU-T T.81, B.1.1.3.
const (
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	rst0  = 0xd0
	rst7  = 0xd7
	tem   = 0x01
	app0  = 0xe0
	app1  = 0xe1
	app11 = 0xeb
	app13 = 0xed
	com   = 0xfe
)

const xmpPrefix = "http://ns.adobe.com/xap/1.0/\x00"

// JPEG reads the segments of a file up to the end of its (first) picture; what follows is one part.
func JPEG(r io.ReaderAt, size int64) (*parts.File, error) {
	w := &jpegWalker{r: parts.NewReader(r, size), file: &parts.File{Boxes: true}, counts: map[string]int{}}
	at := int64(0)
	for at < size && !w.ended {
		next, err := w.segment(at)
		if err != nil {
			return nil, err
		}
		if next == at {
			break
		}
		at = next
	}
	w.closeStore()
	if at == size {
		if !w.ended {
			w.file.Problem(parts.Truncated, at, "behind the last segment", "the picture has no end")
		}
		return w.file, nil
	}
	if w.ended {
		w.file.Problem(parts.Trailing, at, "behind the picture", "%d bytes stand behind the picture", size-at)
	} else {
		w.file.Problem(parts.Malformed, at, "behind the last segment", "there is no segment at offset %d", at)
	}
	return w.file, w.file.Add(parts.Part{Path: "behind the picture", Range: parts.Range{Offset: at, Length: size - at}})
}

type jpegWalker struct {
	r      *parts.Reader
	file   *parts.File
	counts map[string]int
	ended  bool
	open   *jumbf // the store whose segments are being read
}

// jumbf is a box in APP11 segments.
type jumbf struct {
	store parts.Store
	box   [2]byte // instance number
	next  uint32  // sequence number of the next segment
	end   int64   // of the last segment
}

// name is a marker's name. C2PA 2.5, 16.3.3.3.1.
func name(marker byte) string {
	switch {
	case marker == soi:
		return "SOI"
	case marker == eoi:
		return "EOI"
	case marker == sos:
		return "SOS"
	case marker == 0xc4:
		return "DHT"
	case marker == 0xc8:
		return "JPG"
	case marker == 0xcc:
		return "DAC"
	case marker >= 0xc0 && marker <= 0xcf:
		return fmt.Sprintf("SOF%d", marker-0xc0)
	case marker >= rst0 && marker <= rst7:
		return fmt.Sprintf("RST%d", marker-rst0)
	case marker >= 0xdb && marker <= 0xdf:
		return [...]string{"DQT", "DNL", "DRI", "DHP", "EXP"}[marker-0xdb]
	case marker >= app0 && marker <= 0xef:
		return fmt.Sprintf("APP%d", marker-app0)
	case marker >= 0xf0 && marker <= 0xfd:
		return fmt.Sprintf("JPG%d", marker-0xf0)
	case marker == com:
		return "COM"
	case marker == tem:
		return "TEM"
	}
	return fmt.Sprintf("0x%02X", marker)
}

// segment reads one segment, with the entropy-coded data that follow a scan's header, and gives the offset behind it;
// the same where there is none. Fill bytes before a marker belong to its segment.
//
//	segment { uint8 0xff, marker; for most: uint16 length, itself included; bytes }
func (w *jpegWalker) segment(at int64) (int64, error) {
	m := at
	for {
		h, err := w.r.Upto(m, 2)
		if err != nil {
			return 0, err
		}
		if len(h) < 2 || h[0] != 0xff {
			return at, nil
		}
		if h[1] != 0xff {
			break
		}
		m++
	}
	h, err := w.r.Upto(m, 4)
	if err != nil {
		return 0, err
	}
	marker := h[1]
	if marker == 0 || at == 0 && marker != soi {
		return at, nil
	}
	n := name(marker)
	w.counts[n]++
	p := parts.Part{Name: n, Path: fmt.Sprintf("/%s[%d]", n, w.counts[n]), Range: parts.Range{Offset: at, Length: m + 2 - at}}
	switch {
	case marker == soi, marker == tem, marker >= rst0 && marker <= rst7:
	case marker == eoi:
		w.ended = true
	case len(h) < 4 || binary.BigEndian.Uint16(h[2:]) < 2:
		return at, nil
	default:
		length := int64(binary.BigEndian.Uint16(h[2:]))
		if length > w.r.Size-m-2 {
			w.file.Problem(parts.Truncated, at, p.Path, "the segment at offset %d ends behind the end of the file", at)
			length = w.r.Size - m - 2
		}
		p.Length += length
		if err := w.content(&p, marker, parts.Range{Offset: m + 4, Length: max(0, length-2)}); err != nil {
			return 0, err
		}
	}
	if marker == sos {
		end, err := w.entropy(p.End())
		if err != nil {
			return 0, err
		}
		p.Length = end - p.Offset
	}
	if p.Name == parts.StoreName && w.open != nil && len(w.open.store.Outer) > 1 {
		// A store of several segments is one part.
		last := &w.file.Parts[len(w.file.Parts)-1]
		if last.Name == parts.StoreName && last.End() == p.Offset {
			last.Length += p.Length
			return p.End(), nil
		}
	}
	return p.End(), w.file.Add(p)
}

// entropy gives where entropy-coded data end: at a marker that is neither a stuffed zero nor a restart. B.1.1.5.
func (w *jpegWalker) entropy(at int64) (int64, error) {
	const step = 32 << 10
	for at < w.r.Size {
		b, err := w.r.Upto(at, step)
		if err != nil {
			return 0, err
		}
		for i := 0; ; {
			k := bytes.IndexByte(b[i:], 0xff)
			if k < 0 {
				at += int64(len(b))
				break
			}
			i += k
			if i+1 == len(b) {
				if at+int64(len(b)) == w.r.Size {
					return w.r.Size, nil
				}
				at += int64(i) // the marker's second byte is in the next block
				break
			}
			if c := b[i+1]; c != 0 && c != 0xff && (c < rst0 || c > rst7) {
				return at + int64(i), nil
			}
			i++
			if b[i] != 0xff {
				i++
			}
			if i >= len(b) {
				at += int64(len(b))
				break
			}
		}
	}
	return w.r.Size, nil
}

// content looks into the segments that matter.
func (w *jpegWalker) content(p *parts.Part, marker byte, in parts.Range) error {
	switch marker {
	case app1:
		p.Meta = true
		h, err := w.r.Upto(in.Offset, min(in.Length, int64(len(xmpPrefix))))
		if err != nil {
			return err
		}
		if string(h) == xmpPrefix {
			w.file.XMP = append(w.file.XMP, parts.Range{Offset: in.Offset + int64(len(h)), Length: in.Length - int64(len(h))})
		}
	case app13, com:
		p.Meta = true
	case app11:
		return w.app11(p, in)
	}
	return nil
}

// app11 reads a segment that may carry part of a JUMBF box. Every segment of a box repeats its header.
//
//	{ char common[2] = "JP"; uint8 instance[2]; uint32 sequence, from 1; uint32 size; char type[4]; [uint64 size]; bytes }
//
// ISO/IEC 18477-3, B.2; C2PA 2.5, A.3.1.
func (w *jpegWalker) app11(p *parts.Part, in parts.Range) error {
	const most = 8 + 16 + 8 + 16
	h, err := w.r.Upto(in.Offset, min(in.Length, most))
	if err != nil || len(h) < 16 || string(h[:2]) != "JP" {
		return err
	}
	header := 16
	if binary.BigEndian.Uint32(h[8:]) == 1 {
		header = 24
	}
	sequence := binary.BigEndian.Uint32(h[4:])
	// Whatever type the box around it claims: a store that is there and cannot be read is not "no store".
	starts := len(h) >= header+12 && string(h[header+4:header+8]) == "jumd" && string(h[header+8:header+12]) == "c2pa"
	if o := w.open; o != nil && o.box == [2]byte(h[2:4]) && !(starts && sequence <= 1) {
		switch {
		case sequence != o.next:
			o.store.Fault = "a segment of the store is missing or out of order"
		case p.Offset != o.end:
			o.store.Fault = "the segments of the store do not follow one another"
		}
		at := min(in.Offset+int64(header), in.End())
		o.store.Outer = append(o.store.Outer, p.Range)
		o.store.Inner = append(o.store.Inner, parts.Range{Offset: at, Length: in.End() - at})
		o.next, o.end, p.Name, p.Meta = sequence+1, p.End(), parts.StoreName, true
		return nil
	}
	if !starts {
		return nil
	}
	w.closeStore()
	w.open = &jumbf{box: [2]byte(h[2:4]), next: sequence + 1, end: p.End(), store: parts.Store{
		Path: p.Path, Outer: []parts.Range{p.Range}, Inner: []parts.Range{{Offset: in.Offset + 8, Length: in.Length - 8}},
	}}
	p.Name, p.Meta = parts.StoreName, true
	return nil
}

func (w *jpegWalker) closeStore() {
	if w.open != nil && len(w.file.Stores) < 2 {
		w.file.Stores = append(w.file.Stores, w.open.store)
	}
	w.open = nil
}
