package still

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	storeChunk   = "caBX"
	xmpKeyword   = "XML:com.adobe.xmp\x00"
)

// pngMeta are chunks that nothing which is shown depends on.
var pngMeta = map[string]bool{storeChunk: true, "tEXt": true, "zTXt": true, "iTXt": true, "tIME": true, "eXIf": true}

// PNG reads the chunks of a file up to the end of its picture; what follows is one part.
//
//	chunk { uint32 length; char type[4]; bytes data; uint32 checksum }
//
// Checksums are not verified: what binds the bytes is the manifest's hash. PNG 1.2, 3.2.
func PNG(r io.ReaderAt, size int64) (*parts.File, error) {
	w := parts.NewReader(r, size)
	f := &parts.File{Boxes: true}
	counts, names := map[string]int{}, map[string]string{}
	at := min(size, int64(len(pngSignature)))
	if err := f.Add(parts.Part{Name: "PNGh", Path: "/PNGh", Range: parts.Range{Length: at}}); err != nil {
		return nil, err
	}
	ended := false
	for size-at >= 12 && !ended {
		h, err := w.Bytes(at, 8)
		if err != nil {
			return nil, err
		}
		length := int64(binary.BigEndian.Uint32(h))
		if _, ok := names[string(h[4:8])]; !ok {
			names[string(h[4:8])] = string(h[4:8])
		}
		typ := names[string(h[4:8])]
		counts[typ]++
		p := parts.Part{Name: typ, Path: fmt.Sprintf("/%s[%d]", typ, counts[typ]), Meta: pngMeta[typ]}
		clipped := length > size-at-12
		if clipped {
			f.Problem(parts.Truncated, at, p.Path, "the chunk at offset %d ends behind the end of the file", at)
			length = size - at - 12
		}
		p.Range = parts.Range{Offset: at, Length: length + 12}
		in := parts.Range{Offset: at + 8, Length: length}
		switch typ {
		case storeChunk:
			p.Name = parts.StoreName
			s := parts.Store{Path: p.Path, Outer: []parts.Range{p.Range}, Inner: []parts.Range{in}}
			if clipped {
				s.Fault = "the chunk that carries the store ends behind the end of the file"
			}
			if len(f.Stores) < 2 {
				f.Stores = append(f.Stores, s)
			}
		case "iTXt":
			if x, ok, err := pngXMP(w, in); err != nil {
				return nil, err
			} else if ok {
				f.XMP = append(f.XMP, x)
			}
		case "IEND":
			ended = true
		}
		if err := f.Add(p); err != nil {
			return nil, err
		}
		at = p.End()
	}
	switch {
	case ended && at == size:
		return f, nil
	case ended:
		f.Problem(parts.Trailing, at, "behind the picture", "%d bytes stand behind the picture", size-at)
	case at == size:
		f.Problem(parts.Truncated, at, "behind the last chunk", "the picture has no end")
		return f, nil
	default:
		f.Problem(parts.Malformed, at, "behind the last chunk", "%d bytes at offset %d are too few for a chunk", size-at, at)
	}
	return f, f.Add(parts.Part{Path: "behind the picture", Range: parts.Range{Offset: at, Length: size - at}})
}

// pngXMP gives the packet of an iTXt chunk, if it holds one that is not compressed.
//
//	iTXt { keyword, 0; uint8 compressed, method; language, 0; translated keyword, 0; text }
func pngXMP(w *parts.Reader, in parts.Range) (parts.Range, bool, error) {
	h, err := w.Upto(in.Offset, min(in.Length, 256))
	if err != nil || !bytes.HasPrefix(h, []byte(xmpKeyword)) || len(h) < len(xmpKeyword)+2 || h[len(xmpKeyword)] != 0 {
		return parts.Range{}, false, err
	}
	at := len(xmpKeyword) + 2
	for range 2 {
		n := bytes.IndexByte(h[at:], 0)
		if n < 0 {
			return parts.Range{}, false, nil
		}
		at += n + 1
	}
	return parts.Range{Offset: in.Offset + int64(at), Length: in.Length - int64(at)}, true, nil
}
