// Package riff walks the chunks of a RIFF file (AVI with any number of RIFF chunks, WAV, WebP) and of its 64-bit forms
// RF64 and BW64, and finds the manifest store. Multimedia Programming Interface 1.0; OpenDML AVI 1.02; EBU Tech 3306;
// C2PA 2.5, A.3.9 and 16.3.3.3.5.
//
// It goes two levels deep, which is where everything stands that C2PA speaks of, and reads headers only. A size that
// does not fit is clipped and noted. It refuses to search for chunks. Start with [Walk].
package riff

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

const (
	storeChunk = "C2PA"
	// unknownSize stands in 32-bit fields whose number is in the ds64 chunk. EBU Tech 3306, 3.
	unknownSize = 1<<32 - 1
	// maxTable is how many sizes of a ds64 chunk are read; a file has the sizes of one or two chunks there.
	maxTable = 64
)

// meta are chunks that nothing which is shown or heard depends on.
var meta = map[string]bool{
	storeChunk: true, "JUNK": true, "PAD ": true, "FLLR": true, "INFO": true, "bext": true, "iXML": true, "axml": true,
	"_PMX": true, "XMP ": true, "EXIF": true, "id3 ": true, "ID3 ": true, "cue ": true, "DISP": true,
}

// Walk reads the chunks of a file.
func Walk(r io.ReaderAt, size int64) (*parts.File, error) {
	w := &walker{r: parts.NewReader(r, size), file: &parts.File{Boxes: true}, long: map[string]int64{}, names: map[string]string{}}
	at := int64(0)
	for n := 1; at < size; n++ {
		next, err := w.outer(at, n)
		if err != nil {
			return nil, err
		}
		if next == at {
			w.file.Problem(parts.Trailing, at, "behind the last chunk", "%d bytes stand behind the last RIFF chunk", size-at)
			if err := w.file.Add(parts.Part{Path: "behind the last chunk", Range: parts.Range{Offset: at, Length: size - at}}); err != nil {
				return nil, err
			}
			break
		}
		at = next
	}
	return w.file, nil
}

type walker struct {
	r     *parts.Reader
	file  *parts.File
	long  map[string]int64  // sizes of a ds64 chunk
	names map[string]string // each name is kept once
}

func (w *walker) name(b []byte) string {
	if s, ok := w.names[string(b)]; ok {
		return s
	}
	s := string(b)
	w.names[s] = s
	return s
}

// outer reads a chunk at the top level, the n-th, and gives the offset behind it; the same offset where none is there.
//
//	chunk { char id[4]; uint32 size; bytes data; one pad byte where size is odd }
func (w *walker) outer(at int64, n int) (int64, error) {
	if w.r.Size-at < 12 {
		return at, nil
	}
	h, err := w.r.Bytes(at, 12)
	if err != nil {
		return 0, err
	}
	id := string(h[:4])
	if id != "RIFF" && (n > 1 || id != "RF64" && id != "BW64") {
		return at, nil
	}
	size, form := int64(binary.LittleEndian.Uint32(h[4:])), w.name(h[8:12])
	path := fmt.Sprintf("/%s[%d]", id, n)
	if err := w.file.Add(parts.Part{Name: form, Path: path, Range: parts.Range{Offset: at, Length: 12}}); err != nil {
		return 0, err
	}
	// The size of the whole changes with the store: a hash may leave it out. C2PA 2.5, A.3.9.
	w.file.Free = append(w.file.Free, parts.Range{Offset: at + 4, Length: 4})
	if id != "RIFF" {
		long, err := w.sizes(at + 12)
		if err != nil {
			return 0, err
		}
		if size == unknownSize && long >= 0 {
			size = long
		}
	}
	switch {
	case size < 4:
		w.file.Problem(parts.Malformed, at, path, "the chunk at offset %d has size %d, less than its form", at, size)
		size = 4
	case size > w.r.Size-at-8:
		w.file.Problem(parts.Truncated, at, path, "the chunk at offset %d says %d bytes, the file has %d", at, size, w.r.Size-at-8)
		size = w.r.Size - at - 8
	}
	end := at + 8 + size
	if err := w.inside(at+12, end, path, n); err != nil {
		return 0, err
	}
	if size%2 == 1 && end < w.r.Size {
		pad := parts.Part{Path: path, Range: parts.Range{Offset: end, Length: 1}}
		if err := w.file.Add(pad); err != nil {
			return 0, err
		}
		end++
	}
	return end, nil
}

// inside reads the chunks of the second level.
func (w *walker) inside(at, end int64, outer string, n int) error {
	count := map[string]int{}
	store := -1 // index among the stores of the one that was the last chunk
	for at < end {
		if end-at < 8 {
			w.file.Problem(parts.Malformed, at, outer, "%d bytes at offset %d are too few for a chunk", end-at, at)
			return w.file.Add(parts.Part{Path: outer, Range: parts.Range{Offset: at, Length: end - at}})
		}
		h, err := w.r.Upto(at, 12)
		if err != nil {
			return err
		}
		id, size, clipped := w.name(h[:4]), int64(binary.LittleEndian.Uint32(h[4:])), false
		if size == unknownSize {
			if long, ok := w.long[id]; ok {
				size = long
			}
		}
		count[id]++
		p := parts.Part{Name: id, Path: fmt.Sprintf("%s/%s[%d]", outer, id, count[id])}
		if id == "LIST" && size >= 4 && len(h) == 12 {
			p.Name = w.name(h[8:12])
		}
		if size > end-at-8 {
			w.file.Problem(parts.Truncated, at, p.Path, "the chunk at offset %d says %d bytes, %d are left", at, size, end-at-8)
			size, clipped = end-at-8, true
		}
		p.Range = parts.Range{Offset: at, Length: 8 + size}
		if size%2 == 1 && p.End() < end {
			p.Length++
		}
		p.Meta = meta[p.Name] && (id != "LIST" || p.Name == "INFO")
		if store >= 0 {
			w.file.Stores[store].Misplaced, store = "the manifest's chunk is not the last one of the first RIFF chunk", -1
		}
		inner := parts.Range{Offset: at + 8, Length: size}
		switch id {
		case storeChunk:
			s := parts.Store{Path: p.Path, Outer: []parts.Range{p.Range}, Inner: []parts.Range{inner}}
			if clipped {
				s.Fault = "the chunk that carries the store ends behind what is around it"
			}
			if n > 1 {
				s.Misplaced = "the manifest's chunk is not in the first RIFF chunk"
			}
			if len(w.file.Stores) < 2 { // a third says nothing more
				w.file.Stores = append(w.file.Stores, s)
				store = len(w.file.Stores) - 1
			}
		case "_PMX", "XMP ":
			w.file.XMP = append(w.file.XMP, inner)
		}
		if err := w.file.Add(p); err != nil {
			return err
		}
		at = p.End()
	}
	return nil
}

// sizes reads the ds64 chunk, which comes first, and gives the size of the whole; -1 where there is none.
//
//	ds64 { uint64 riffSize, dataSize, sampleCount; uint32 tableLength; { char id[4]; uint64 size }[tableLength] }
//
// EBU Tech 3306, 3.
func (w *walker) sizes(at int64) (int64, error) {
	h, err := w.r.Upto(at, 8+28)
	if err != nil || len(h) < 8+28 || string(h[:4]) != "ds64" || binary.LittleEndian.Uint32(h[4:]) < 28 {
		return -1, err
	}
	most := func(b []byte) int64 { return int64(min(binary.LittleEndian.Uint64(b), 1<<62)) }
	whole := most(h[8:])
	w.long["data"] = most(h[16:])
	n := min(int64(binary.LittleEndian.Uint32(h[32:])), (int64(binary.LittleEndian.Uint32(h[4:]))-28)/12, maxTable)
	table, err := w.r.Upto(at+8+28, 12*n)
	if err != nil {
		return -1, err
	}
	for ; len(table) >= 12; table = table[12:] {
		w.long[w.name(table[:4])] = most(table[4:])
	}
	return whole, nil
}
